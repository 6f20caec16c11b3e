// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.concurrent.atomic.AtomicLong;

/** Who uses a native object: calls enter and exit, and whoever closes it waits until the last has left. */
final class Lifetime {
    private static final long CLOSED = Long.MIN_VALUE;

    /** The library may hold locks while it tells its log, and wait for the log when it is closed. */
    private static final ThreadLocal<Boolean> IN_LOG = new ThreadLocal<>();

    private final String what;
    private final AtomicLong users = new AtomicLong();

    Lifetime(String what) {
        this.what = what;
    }

    /** Runs a log's sink, in which no call may begin. */
    static void inLog(Runnable tell) {
        Boolean before = IN_LOG.get();
        IN_LOG.set(Boolean.TRUE);
        try {
            tell.run();
        } finally {
            IN_LOG.set(before);
        }
    }

    static void refuseInLog() {
        if (IN_LOG.get() != null) {
            throw MgeoException.argument("called from an engine's log; hand the line to another thread and call there");
        }
    }

    void enter() {
        refuseInLog();
        if (users.getAndIncrement() < 0) {
            exit();
            throw MgeoException.argument(what + " is closed; make another one");
        }
    }

    void exit() {
        if (users.decrementAndGet() == CLOSED) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** No one enters from now on. Waits for those inside; false: it was closed before. */
    boolean close() {
        boolean first = users.getAndUpdate(now -> now | CLOSED) >= 0;
        boolean interrupted = false;
        synchronized (this) {
            while (users.get() != CLOSED) {
                try {
                    wait();
                } catch (InterruptedException exception) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return first;
    }
}
