// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.function.ToLongFunction;

/** A call of score, on an engine or on a job. */
final class Scoring {
    private static final ScoreOptions DEFAULTS = new ScoreOptions();

    private Scoring() {}

    /** `texts` makes the native texts of `count` pairs in the call's memory. */
    static Scores score(EngineHandle handle, long job, ToLongFunction<Call> texts, int count, ScoreOptions options) {
        ScoreOptions given = options == null ? DEFAULTS : options;
        try (Call call = new Call(handle.lifetime)) {
            long made = texts.applyAsLong(call);
            // One pair is over before an interrupt could be seen.
            long progress = count > 1 || given.cancellation != null ? call.progress(given.cancellation) : 0;
            return Native.score(handle.engine, job, made, progress, given.routeKey, given.wants);
        }
    }
}
