// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.ArrayList;
import java.util.List;

/** Cancels the calls that it was given to, those to come included, and tells how far the last of them is. */
public final class CancellationToken {
    private final List<Long> attached = new ArrayList<>(1);
    private boolean cancelled;

    /** Those calls end with {@link Status#CANCELLED}. Any thread. */
    public synchronized void cancel() {
        cancelled = true;
        attached.forEach(Native::cancel);
    }

    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** How far the call is that began last; null: none is running. */
    public synchronized Progress progress() {
        if (attached.isEmpty()) {
            return null;
        }
        long[] read = new long[3];
        Native.readProgress(attached.get(attached.size() - 1), read);
        return new Progress(Stage.of((int) read[0]), read[1], read[2]);
    }

    synchronized void attach(long progress) {
        attached.add(progress);
        if (cancelled) {
            Native.cancel(progress);
        }
    }

    synchronized void detach(long progress) {
        attached.remove(Long.valueOf(progress));
    }
}
