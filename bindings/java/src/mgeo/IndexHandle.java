// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** The native index and what its changes share, apart from the object that a host sees: what a cleaner needs. */
final class IndexHandle implements Runnable {
    final Lifetime lifetime = new Lifetime("the index");
    final long index;
    /** The progress block of all changes, which run one at a time. */
    private final ByteBuffer block = Call.direct(Call.PROGRESS_BYTES);
    private final CancellationToken cancellation;
    private final ReentrantLock changing = new ReentrantLock();

    /** An empty index, or where there is a path the one in that file. */
    IndexHandle(Path path, IndexOptions options) {
        IndexOptions given = options == null ? new IndexOptions() : options;
        cancellation = given.cancellation();
        try (Call call = new Call(null)) {
            call.useProgress(Native.address(block));
            Struct made = call.memory(8);
            long written = given.write(call);
            if (path == null) {
                Native.call(Calls.INDEX_CREATE, written, made.address());
            } else {
                Native.call(Calls.INDEX_OPEN, call.path(path), written, made.address());
            }
            index = made.i64(0);
        }
    }

    /** Makes a call that changes the index, once those before it are over. */
    void change(Consumer<Call> body) {
        Lifetime.refuseInLog();
        try {
            changing.lockInterruptibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new MgeoException(Status.CANCELLED, "interrupted before the change began");
        }
        try (Call call = new Call(lifetime)) {
            call.watch(Native.address(block), cancellation);
            body.accept(call);
        } finally {
            for (int i = 0; i < Call.PROGRESS_BYTES; i += 8) {
                block.putLong(i, 0);
            }
            changing.unlock();
        }
    }

    /** Waits for the calls that run, then frees it. */
    @Override
    public void run() {
        if (lifetime.close()) {
            Native.destroyIndex(index);
        }
    }
}
