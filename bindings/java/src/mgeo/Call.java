// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/** One call into the library: memory for its structs and texts, its progress block, its hold on its engine. */
final class Call implements AutoCloseable {
    private static final int POOLED_BYTES = 16384;
    static final int PROGRESS_BYTES = 64;
    private static final ConcurrentLinkedQueue<ByteBuffer> POOL = new ConcurrentLinkedQueue<>();

    private final Lifetime lifetime;
    private final ByteBuffer pooled;
    private final long pooledAddress;
    private final List<ByteBuffer> others = new ArrayList<>(0);
    private final List<Long> texts = new ArrayList<>(0);
    /** What is read where it lies: must be reachable until the call is closed. */
    private final List<Object> borrowed = new ArrayList<>(0);
    private int used;
    private long progress;
    private CancellationToken token;
    private InterruptWatch.Entry interrupts;
    private long sink;
    private Lifetime ofJob;

    /** Begins a call on what `lifetime` guards (null: on nothing), which stays until the call is closed. */
    Call(Lifetime lifetime) {
        this.lifetime = lifetime;
        // First what may fail: a call that did not begin lets go of nothing.
        ByteBuffer buffer = POOL.poll();
        pooled = buffer != null ? buffer : direct(POOLED_BYTES);
        pooledAddress = Native.address(pooled);
        if (lifetime != null) {
            lifetime.enter();
        }
    }

    static ByteBuffer direct(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** Zeroed memory, aligned to 8 bytes. */
    Struct memory(int size) {
        int aligned = Math.addExact(size, 7) & ~7;
        if (aligned > POOLED_BYTES - used) {
            ByteBuffer own = direct(aligned);
            others.add(own);
            return new Struct(this, own, 0, Native.address(own));
        }
        int base = used;
        used += aligned;
        return new Struct(this, pooled, base, pooledAddress + base);
    }

    /** A struct that begins with its size. */
    Struct versioned(int size) {
        return versioned(size, 0);
    }

    /** The same with more memory right behind it. */
    Struct versioned(int size, int behind) {
        Struct struct = memory(Math.addExact(size, behind));
        struct.i64(0, size);
        return struct;
    }

    /** The address of a NUL-terminated text; 0 for null. */
    long text(String name, String text) {
        if (text == null) {
            return 0;
        }
        if (text.indexOf('\0') >= 0) {
            throw MgeoException.argument(name + " has a NUL character; leave it out");
        }
        return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The address of these bytes, and a NUL behind them. */
    long bytes(byte[] bytes) {
        Struct memory = memory(Math.addExact(bytes.length, 1));
        for (int i = 0; i < bytes.length; i++) {
            memory.i8(i, bytes[i]);
        }
        return memory.address();
    }

    /** The address of a NUL-terminated path; 0 for null. */
    long path(Path path) {
        return text("path", path == null ? null : path.toString());
    }

    /** The address of numbers of 32 bits; 0 for null or none. */
    long list(int[] numbers) {
        if (numbers == null || numbers.length == 0) {
            return 0;
        }
        Struct memory = memory(Math.multiplyExact(numbers.length, 4));
        for (int i = 0; i < numbers.length; i++) {
            memory.i32(4 * i, numbers[i]);
        }
        return memory.address();
    }

    /** The address of mgeo_pair structs. */
    long pairs(List<Pair> pairs) {
        String[][] columns = Pairs.columns(pairs);
        return Native.pairsOf(texts(columns[0], columns[1]));
    }

    /** Texts that native code makes of strings, freed with the call. */
    long texts(String[] a, String[] b) {
        if (a == null || b == null) {
            throw MgeoException.argument("the array of texts " + (a == null ? "a" : "b") + " is null; give one");
        }
        return owned(Native.makeTexts(a, b));
    }

    /** Texts that lie in two columns of the same length. */
    long columns(Utf8Column a, Utf8Column b) {
        borrowed.add(a);
        borrowed.add(b);
        return owned(Native.makeColumnTexts(a.rows(), Native.address(a.offsets()), Native.address(a.bytes()),
                a.bytes().capacity(), Native.address(b.offsets()), Native.address(b.bytes()), b.bytes().capacity()));
    }

    /** Hands native texts over to the call. */
    long owned(long made) {
        texts.add(made);
        return made;
    }

    /** The address of a progress block that the token (may be null) and an interrupt of this thread cancel. */
    long progress(CancellationToken cancellation) {
        if (progress != 0) {
            return progress;
        }
        return watch(memory(PROGRESS_BYTES).address(), cancellation);
    }

    /** The same of a block that outlives the call. */
    long watch(long block, CancellationToken cancellation) {
        progress = block;
        if (cancellation != null) {
            cancellation.attach(progress);
            token = cancellation;
        }
        interrupts = InterruptWatch.begin(progress);
        return progress;
    }

    /** A progress block of someone else's, who also looks after its cancellation. */
    void useProgress(long address) {
        progress = address;
    }

    /** Writes the log's function and its user, who is to be taken over by whoever made the engine. */
    void log(Struct struct, int offset, LogSink log) {
        if (log != null) {
            sink = Native.keep(log);
            struct.i64(offset, Native.logFunction());
            struct.i64(offset + 8, sink);
        }
    }

    long handOverSink() {
        long given = sink;
        sink = 0;
        return given;
    }

    /** The native job, which must belong to the engine of this call and stays until the call is closed. */
    long nativeOf(Job job) {
        long found = job.handleFor(lifetime);
        job.lifetime().enter();
        ofJob = job.lifetime();
        return found;
    }

    @Override
    public void close() {
        if (interrupts != null) {
            InterruptWatch.end(interrupts);
        }
        if (token != null) {
            token.detach(progress);
        }
        texts.forEach(Native::freeTexts);
        if (sink != 0) {
            Native.letGo(sink);
        }
        for (int i = 0; i < used; i += 8) {
            pooled.putLong(i, 0);
        }
        POOL.add(pooled);
        Reference.reachabilityFence(others);
        Reference.reachabilityFence(borrowed);
        if (ofJob != null) {
            ofJob.exit();
        }
        if (lifetime != null) {
            lifetime.exit();
        }
    }
}
