// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.List;

/** One model for many calls, whatever is swapped meanwhile. Any number of threads; closing waits for their calls. */
public final class Job implements AutoCloseable {
    /** Kept reachable, so that it is not freed under the job. */
    @SuppressWarnings("unused")
    private final Engine owner;
    private final EngineHandle handle;
    private final Lifetime lifetime = new Lifetime("the job");
    private final long job;

    Job(Engine owner, EngineHandle handle, JobOptions options) {
        this.owner = owner;
        this.handle = handle;
        job = handle.beginJob(options);
    }

    public Scores score(List<Pair> pairs) {
        return score(pairs, null);
    }

    public Scores score(List<Pair> pairs, ScoreOptions options) {
        String[][] columns = Pairs.columns(pairs);
        return score(columns[0], columns[1], options);
    }

    /** Scores a[i] with b[i]. */
    public Scores score(String[] a, String[] b, ScoreOptions options) {
        lifetime.enter();
        try {
            return Scoring.score(handle, job, call -> call.texts(a, b), a == null ? 0 : a.length, options);
        } finally {
            lifetime.exit();
        }
    }

    public ModelInfo info() {
        lifetime.enter();
        try (Call call = new Call(handle.lifetime)) {
            Struct info = call.versioned(ModelInfo.SIZE);
            Native.call(Calls.JOB_GET_INFO, job, info.address());
            return ModelInfo.read(info);
        } finally {
            lifetime.exit();
        }
    }

    /** Its native job, for a call on the engine that `engine` guards. */
    long handleFor(Lifetime engine) {
        if (handle.lifetime != engine) {
            throw MgeoException.argument("the job belongs to another engine");
        }
        return job;
    }

    Lifetime lifetime() {
        return lifetime;
    }

    /** Ends the job once its calls have ended. An engine that is closed has ended its jobs. */
    @Override
    public void close() {
        Lifetime.refuseInLog();
        if (!lifetime.close()) {
            return;
        }
        try {
            handle.lifetime.enter();
        } catch (MgeoException closed) {
            return;
        }
        handle.endJob(job);
        handle.lifetime.exit();
    }
}
