// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The native methods, and what they call back; loads the library. Addresses are numbers here. */
final class Native {
    static {
        Library.load();
    }

    private Native() {}

    /** Calls the function with this number in {@link Calls}; throws what it answers. */
    static native void call(int function, long... arguments);

    static native long address(ByteBuffer buffer);

    static native void destroyEngine(long engine);

    static native void endJob(long job);

    static native void destroyIndex(long index);

    /** What a search found for its query of this number. */
    static native Candidate[] candidatesOf(long candidates, long query);

    static native void destroyCandidates(long candidates);

    static native void cancel(long progress);

    /** Stage, done, total. */
    static native void readProgress(long progress, long[] out);

    static native byte[] version();

    /** The function that hands lines of the log to the {@link LogSink} that was kept as its user. */
    static native long logFunction();

    static native long keep(Object object);

    static native void letGo(long kept);

    static native long makeTexts(String[] a, String[] b);

    static native long pairsOf(long texts);

    static native void freeTexts(long texts);

    /** Texts that lie in columns of UTF-8 already, each a row's begin and the next one's. */
    static native long makeColumnTexts(
            int count, long aEnds, long aBytes, long aSize, long bEnds, long bBytes, long bSize);

    /** On the job's model, or where that is 0 on the engine's. */
    static native Scores score(long engine, long job, long texts, long progress, long routeKey, int wants);

    /** Releases what a call answered by Arrow's C data interface. */
    static native void releaseArrow(long schema, long array);

    /** Tells the hold when the stream has been released; false: no memory, and it is released now. */
    static native boolean holdStream(long stream, ArrowStreamHold hold);

    // ---- Called by native code ----

    static void released(ArrowStreamHold hold) {
        hold.released();
    }

    static MgeoException failure(int status, byte[] message) {
        return new MgeoException(Status.of(status), new String(message, StandardCharsets.UTF_8));
    }

    static Candidate candidate(byte[] id, byte[] text, long row, float score, int flags) {
        return new Candidate(new String(id, StandardCharsets.UTF_8), new String(text, StandardCharsets.UTF_8), row, score,
                flags);
    }

    static void log(LogSink sink, int level, byte[] line) {
        Lifetime.inLog(() -> sink.log(LogLevel.of(level), new String(line, StandardCharsets.UTF_8)));
    }
}
