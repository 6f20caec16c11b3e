// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.ArrayList;
import java.util.List;

/** Cancels native calls whose threads are interrupted: one daemon thread looks at all of them now and then. */
final class InterruptWatch {
    private static final long LOOK_MILLISECONDS = 5;
    /** So often it finds no call before it waits for one, so that short calls need not wake it. */
    private static final int IDLE_LOOKS = 200;

    private static final List<Entry> RUNNING = new ArrayList<>();
    private static boolean started;
    private static boolean waiting;

    private InterruptWatch() {}

    /** A call in its thread. */
    static final class Entry {
        private final Thread thread = Thread.currentThread();
        private final long progress;

        private Entry(long progress) {
            this.progress = progress;
        }
    }

    static Entry begin(long progress) {
        Entry entry = new Entry(progress);
        if (entry.thread.isInterrupted()) {
            Native.cancel(progress);
        }
        synchronized (RUNNING) {
            if (!started) {
                Thread watch = new Thread(InterruptWatch::look, "mgeo-interrupts");
                watch.setDaemon(true);
                watch.start(); // may fail, and then nothing has begun
                started = true;
            }
            RUNNING.add(entry);
            if (waiting) {
                RUNNING.notifyAll();
            }
        }
        return entry;
    }

    static void end(Entry entry) {
        synchronized (RUNNING) {
            RUNNING.remove(entry);
        }
    }

    private static void look() {
        int idle = 0;
        while (true) {
            synchronized (RUNNING) {
                idle = RUNNING.isEmpty() ? idle + 1 : 0;
                for (Entry entry : RUNNING) {
                    if (entry.thread.isInterrupted()) {
                        Native.cancel(entry.progress);
                    }
                }
                pause(idle);
            }
        }
    }

    /** Lets others at the list for a while, or until there is a call. */
    private static void pause(int idle) {
        try {
            waiting = idle >= IDLE_LOOKS;
            RUNNING.wait(waiting ? 0 : LOOK_MILLISECONDS);
        } catch (InterruptedException exception) {
            // It is the one thread that nobody has a reason to interrupt.
            Thread.interrupted();
        } finally {
            waiting = false;
        }
    }
}
