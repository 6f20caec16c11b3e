// SPDX-License-Identifier: Apache-2.0
package mgeo;

import static mgeo.Testing.check;
import static mgeo.Testing.fails;
import static mgeo.Testing.pairs;
import static mgeo.Testing.same;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** Closing while calls run, cancelling them, and what is left to the cleaner. */
final class LifetimeTest {
    private LifetimeTest() {}

    public static void main(String[] arguments) throws Exception {
        Testing.runAll(LifetimeTest.class);
    }

    private static Engine loaded() {
        Engine engine = new Engine();
        engine.load(null, new LoadOptions().threads(1));
        return engine;
    }

    static void testAClosedEngine() throws Exception {
        Engine engine = loaded();
        Job job = engine.job();
        engine.close();
        engine.close();
        check(fails(Status.ARGUMENT, () -> engine.score("杭州", "杭州")).getMessage().contains("closed"), "says so");
        fails(Status.ARGUMENT, () -> engine.load());
        fails(Status.ARGUMENT, engine::rollout);
        fails(Status.ARGUMENT, () -> job.score(pairs(1)));
        job.close();
    }

    static void testClosingWaits() throws Exception {
        for (int round = 0; round < 5; round++) {
            Engine engine = loaded();
            Job job = engine.job();
            List<Throwable> failures = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(6);
            for (int i = 0; i < 6; i++) {
                boolean onJob = i % 2 == 0;
                threads.add(Testing.start(() -> {
                    List<Pair> pairs = pairs(50);
                    begun.countDown();
                    try {
                        while (true) {
                            Scores scores = onJob ? job.score(pairs) : engine.score(pairs);
                            same(0, scores.badRows(), "bad rows");
                        }
                    } catch (MgeoException closed) {
                        same(Status.ARGUMENT, closed.status(), closed.getMessage());
                    }
                }, failures));
            }
            begun.await();
            Thread.sleep(10);
            if (round % 2 == 0) {
                job.close();
            }
            engine.close();
            Testing.join(threads, failures);
        }
    }

    static void testAnInterruptCancels() throws Exception {
        try (Engine engine = loaded()) {
            List<Pair> many = pairs(200_000);
            List<Throwable> failures = new ArrayList<>();
            Thread thread = Testing.start(() -> {
                fails(Status.CANCELLED, () -> engine.score(many));
                check(Thread.currentThread().isInterrupted(), "still interrupted");
                fails(Status.CANCELLED, () -> engine.score(pairs(5000)));
                check(Thread.interrupted(), "until it is cleared");
                engine.score(pairs(10));
            }, failures);
            while (engine.stats(Slot.LIVE).callsInFlight() == 0 && failures.isEmpty()) {
                Thread.sleep(1);
            }
            thread.interrupt();
            Testing.join(List.of(thread), failures);
        }
    }

    static void testATokenCancels() throws Exception {
        try (Engine engine = loaded()) {
            CancellationToken token = new CancellationToken();
            same(null, token.progress(), "nothing runs");
            List<Throwable> failures = new ArrayList<>();
            ScoreOptions options = new ScoreOptions().cancellation(token);
            Thread thread = Testing.start(
                    () -> fails(Status.CANCELLED, () -> engine.score(pairs(200_000), options)), failures);
            Progress progress = null;
            while ((progress == null || progress.done() == 0) && failures.isEmpty()) {
                progress = token.progress();
            }
            same(Stage.SCORING, progress.stage(), "stage");
            same(200_000L, progress.total(), "total");
            token.cancel();
            Testing.join(List.of(thread), failures);
            fails(Status.CANCELLED, () -> engine.score(pairs(1000), options));
            fails(Status.CANCELLED, () -> engine.load(null, new LoadOptions().cancellation(token)));
            engine.score(pairs(10), new ScoreOptions().cancellation(new CancellationToken()));
        }
    }

    static void testFutures() throws Exception {
        try (Engine engine = loaded()) {
            List<Pair> pairs = pairs(100);
            List<CompletableFuture<Scores>> futures = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                futures.add(engine.scoreAsync(pairs, null));
            }
            float[] expected = engine.score(pairs).similarity();
            for (CompletableFuture<Scores> future : futures) {
                same(expected, future.get().similarity(), "scores");
            }
            CompletableFuture<Scores> long_ = engine.scoreAsync(pairs(200_000), new ScoreOptions());
            while (engine.stats(Slot.LIVE).callsInFlight() == 0) {
                Thread.sleep(1);
            }
            long_.cancel(true);
            try {
                long_.get();
                throw new AssertionError("a cancelled future has an answer");
            } catch (CancellationException cancelled) {
                // As it should be.
            }
            while (engine.stats(Slot.LIVE).callsInFlight() != 0) {
                Thread.sleep(1);
            }
            check(engine.stats(Slot.LIVE).pairs() < 200_000, "the call ended early");
        }
    }

    static void testManyFuturesShareSomeThreads() throws Exception {
        try (Engine engine = loaded()) {
            List<CompletableFuture<Scores>> futures = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                futures.add(engine.scoreAsync(pairs(1), null));
            }
            long threads = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("mgeo-async")).count();
            check(threads <= 64, "threads: " + threads);
            for (CompletableFuture<Scores> future : futures) {
                same(0, future.get().badRows(), "bad rows");
            }
        }
    }

    static void testTheCleaner() throws Exception {
        EngineOptions options = new EngineOptions().journal(Testing.folder().resolve("journal.jsonl").toString());
        WeakReference<Engine> forgotten = new WeakReference<>(new Engine(options));
        // A journal is written by one engine at a time: once another one may, the first is gone.
        Engine next = null;
        while (next == null) {
            System.gc();
            Thread.sleep(1);
            try {
                next = new Engine(options);
            } catch (MgeoException busy) {
                same(Status.BUSY, busy.status(), busy.getMessage());
            }
        }
        next.close();
        same(null, forgotten.get(), "the engine that was forgotten");
        // A job keeps its engine.
        Job job = jobOfForgotten();
        for (int i = 0; i < 5; i++) {
            System.gc();
            Thread.sleep(5);
        }
        same(1, job.score(pairs(1)).size(), "scores of a job");
        job.close();
    }

    private static Job jobOfForgotten() {
        return loaded().job();
    }

    static void testALogThatCallsBack() throws Exception {
        List<String> refusals = Collections.synchronizedList(new ArrayList<>());
        Engine[] place = new Engine[1];
        LogSink sink = (level, line) -> {
            List<Testing.Body> calls = List.of(
                    () -> place[0].close(), () -> place[0].score("杭州", "杭州"), () -> place[0].rollout());
            for (Testing.Body call : calls) {
                try {
                    refusals.add(fails(Status.ARGUMENT, call).getMessage());
                } catch (Exception | AssertionError other) {
                    refusals.add("not refused: " + other);
                }
            }
        };
        try (Engine engine = new Engine(new EngineOptions().log(sink))) {
            place[0] = engine;
            engine.load();
            engine.load();
            engine.swap(new SwapOptions().watch(new Watch().windowCalls(1).minCalls(1).maxNotFiniteRate(0.5)));
            engine.score(pairs(5));
            while (engine.watch().state() == WatchState.RUNNING) {
                Thread.sleep(1);
            }
        }
        check(refusals.size() >= 9, "lines came: " + refusals);
        check(refusals.stream().allMatch(line -> line.contains("log")), "all are refused: " + refusals);
    }

    static void testTheLog() throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        LogSink sink = (level, line) -> {
            lines.add(level + " " + line);
            throw new IllegalStateException("what a sink throws is dropped");
        };
        try (Engine engine = new Engine(new EngineOptions().log(sink))) {
            engine.load();
            fails(Status.IO, () -> engine.load(Testing.MODELS.resolve("没有")));
            engine.load();
            // Lines of a watch come from a thread of the library's own.
            engine.swap(new SwapOptions().watch(new Watch().windowCalls(1).minCalls(1).maxNotFiniteRate(0.5)));
            engine.score(pairs(5));
            while (engine.watch().state() == WatchState.RUNNING) {
                Thread.sleep(1);
            }
        }
        check(lines.stream().anyMatch(line -> line.startsWith("INFO ")), "lines: " + lines);
    }
}
