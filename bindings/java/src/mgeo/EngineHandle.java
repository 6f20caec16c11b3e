// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The native engine and all that ends with it, apart from the object that a host sees: what a cleaner needs. */
final class EngineHandle implements Runnable {
    final Lifetime lifetime = new Lifetime("the engine");
    final long engine;
    private final long sink;
    private final Set<Long> jobs = ConcurrentHashMap.newKeySet();

    EngineHandle(EngineOptions options) {
        try (Call call = new Call(null)) {
            long written = options.write(call);
            Struct made = call.memory(8);
            Native.call(Calls.ENGINE_CREATE, written, made.address());
            engine = made.i64(0);
            sink = call.handOverSink();
        }
    }

    long beginJob(JobOptions options) {
        try (Call call = new Call(lifetime)) {
            Struct made = call.memory(8);
            Native.call(Calls.JOB_BEGIN, engine, Options.write(options, call), made.address());
            jobs.add(made.i64(0));
            return made.i64(0);
        }
    }

    /** The engine ends those that are left. */
    void endJob(long job) {
        if (jobs.remove(job)) {
            Native.endJob(job);
        }
    }

    /** Waits for the calls that run, then frees it all. */
    @Override
    public void run() {
        if (!lifetime.close()) {
            return;
        }
        jobs.forEach(Native::endJob);
        Native.destroyEngine(engine);
        if (sink != 0) {
            Native.letGo(sink);
        }
    }
}
