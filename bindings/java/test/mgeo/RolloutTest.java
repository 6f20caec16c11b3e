// SPDX-License-Identifier: Apache-2.0
package mgeo;

import static mgeo.Testing.check;
import static mgeo.Testing.fails;
import static mgeo.Testing.pairs;
import static mgeo.Testing.same;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Rolling out: swaps under load, gates, watches, canaries, shadow calls, comparisons, jobs and the journal. */
final class RolloutTest {
    private static final Path OTHER = Testing.MODELS.resolveSibling("tests/golden/models/mgeo");

    private RolloutTest() {}

    public static void main(String[] arguments) throws Exception {
        Testing.runAll(RolloutTest.class);
    }

    /** An engine with the bundled model live and another one on standby. */
    private static Engine twoModels() {
        Engine engine = new Engine();
        engine.load(null, new LoadOptions().threads(2).version("live"));
        engine.load(OTHER, new LoadOptions().threads(2).version("standby"));
        return engine;
    }

    static void testSwapsUnderLoad() throws Exception {
        try (Engine engine = twoModels()) {
            List<Pair> pairs = pairs(40);
            float[] first = engine.score(pairs).similarity();
            engine.swap();
            float[] second = engine.score(pairs).similarity();
            check(first[0] != second[0], "the models differ");
            AtomicBoolean over = new AtomicBoolean();
            List<Throwable> failures = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            long[] answers = new long[3];
            for (int i = 0; i < 4; i++) {
                threads.add(Testing.start(() -> {
                    while (!over.get()) {
                        Scores scores = engine.score(pairs);
                        check(scores.generation() == 1 || scores.generation() == 2, "one of the two");
                        same(scores.generation() == 1 ? first : second, scores.similarity(), "its own answers");
                        synchronized (answers) {
                            answers[(int) scores.generation()]++;
                        }
                    }
                }, failures));
            }
            for (int i = 0; i < 200 || answers[1] == 0 || answers[2] == 0; i++) {
                SwapReceipt receipt = engine.swap(new SwapOptions().actor("test").reason("under load"));
                check(receipt.fromGeneration() + receipt.toGeneration() == 3, "from one to the other");
                Thread.sleep(1);
                if (!failures.isEmpty()) {
                    break;
                }
            }
            over.set(true);
            Testing.join(threads, failures);
        }
    }

    static void testRollBack() throws Exception {
        try (Engine engine = twoModels()) {
            fails(Status.NO_MODEL, engine::rollBack);
            same("live", engine.swap().fromVersion(), "from");
            SwapReceipt back = engine.rollBack(new RollBackOptions().reason("worse"));
            same("live", back.toVersion(), "to");
            same(1L, engine.rollout().liveGeneration(), "live");
            same(1L, engine.rollout().rollBacks(), "roll-backs");
            engine.unload();
            fails(Status.NO_MODEL, engine::unload);
        }
    }

    static void testGates() throws Exception {
        try (Engine engine = twoModels()) {
            Gate strict = new Gate().pairs(pairs(100)).maxShift(-1).fullSpeed(true);
            try {
                engine.swap(new SwapOptions().gate(strict));
                throw new AssertionError("the gate let it pass");
            } catch (SwapRefusedException refused) {
                same(Status.REFUSED, refused.status(), "status");
                Check shift = refused.receipt().checks().get(0);
                same("shift_max", shift.name(), "check");
                check(shift.passed() == 0 && shift.measured() > 0 && shift.limit() == 0, "measured");
            }
            same(1L, engine.rollout().liveGeneration(), "still live");
            Gate loose = new Gate().pairs(pairs(100)).maxShift(1).fullSpeed(true);
            SwapReceipt receipt = engine.swap(new SwapOptions().gate(loose)
                    .watch(new Watch().windowCalls(1).minCalls(1).maxErrorRate(0.5)));
            same(2L, receipt.toGeneration(), "to");
            same(1, receipt.checks().get(0).passed(), "passed");
            engine.score("杭州", "杭州");
            while (engine.watch().state() == WatchState.RUNNING) {
                Thread.sleep(1);
            }
            same(WatchState.PASSED, engine.watch().state(), "watch");
            fails(Status.REFUSED, () -> engine.swap(new SwapOptions().expectGeneration(99)));
            Gate tooFewLabels = new Gate().pairs(pairs(2)).gold(List.of("x"));
            fails(Status.ARGUMENT, () -> engine.swap(new SwapOptions().gate(tooFewLabels)));
        }
    }

    static void testComparisons() throws Exception {
        try (Engine engine = twoModels()) {
            List<String> gold = new ArrayList<>(Collections.nCopies(100, "exact_match"));
            gold.set(3, null);
            CompareOptions options = new CompareOptions().pairs(pairs(100)).gold(gold).fullSpeed(true);
            CompareReport report = engine.compare(options, 5);
            same(100L, report.pairs(), "pairs");
            same(99L, report.labelled(), "labelled");
            same(5, report.worst().size(), "worst");
            same(report.shiftMax(), Math.abs((double) report.worst().get(0).standby() - report.worst().get(0).live()),
                    "the largest shift");
            same(3, report.flipMatrix().length, "flips");
            long inMatrix = 0;
            for (long[] row : report.flipMatrix()) {
                for (long cell : row) {
                    inMatrix += cell;
                }
            }
            same(100L, inMatrix, "every pair is in the matrix");
            same(0, engine.compare(options, 0).worst().size(), "no worst pairs");
            for (int worst : new int[] {-1, -135, -200, Integer.MIN_VALUE}) {
                fails(Status.ARGUMENT, () -> engine.compare(options, worst));
            }
            fails(Status.ARGUMENT, () -> engine.compare(options.gold(Collections.nCopies(100, "no such label")), 0));
        }
    }

    static void testCanaryAndShadow() throws Exception {
        try (Engine engine = twoModels()) {
            engine.setCanary(Constants.SHARE_ALL, new CanaryOptions().expectGeneration(2));
            same(2L, engine.score("杭州", "杭州").generation(), "the canary answers");
            same(Constants.SHARE_ALL, engine.rollout().canaryShare(), "share");
            engine.setCanary(5000, null);
            List<Pair> one = pairs(1);
            long answered = engine.score(one, new ScoreOptions().routeKey(77)).generation();
            for (int i = 0; i < 20; i++) {
                same(answered, engine.score(one, new ScoreOptions().routeKey(77)).generation(), "the same key");
            }
            engine.setCanary(0, null);
            engine.setShadow(Constants.SHARE_ALL, new ShadowOptions().worstPairs(4).fullSpeed(true));
            engine.score(pairs(20));
            while (engine.shadow().compared() < 20) {
                Thread.sleep(1);
            }
            same(20L, engine.shadow().pairs(), "pairs");
            ShadowPair worst = engine.shadowPair(0);
            check(worst.a().length() > 3 && worst.b().length() > 3, "texts");
            same((float) engine.shadow().shiftMax(), Math.abs(worst.shift().standby() - worst.shift().live()), "shift");
            fails(Status.ARGUMENT, () -> engine.shadowPair(4));
            engine.setShadow(0, null);
            fails(Status.ARGUMENT, () -> engine.setCanary(10001, null));
        }
    }

    static void testJobs() throws Exception {
        try (Engine engine = twoModels()) {
            List<Pair> pairs = pairs(10);
            float[] expected = engine.score(pairs).similarity();
            try (Job job = engine.job()) {
                engine.swap();
                same(1L, job.score(pairs).generation(), "the job's model");
                same(expected, job.score(pairs, new ScoreOptions()).similarity(), "the job's answers");
                same("live", job.info().version(), "the job's version");
                fails(Status.BUSY, engine::unload);
            }
            engine.unload();
            fails(Status.NO_MODEL, () -> engine.job(new JobOptions().standby(true)));
            Job ended = engine.job();
            ended.close();
            ended.close();
            fails(Status.ARGUMENT, () -> ended.score(pairs));
            fails(Status.ARGUMENT, ended::info);
        }
    }

    static void testJournal() throws Exception {
        Path journal = Testing.folder().resolve("journal.jsonl");
        try (Engine engine = new Engine(new EngineOptions().journal(journal.toString()).actor("javatest"))) {
            engine.load();
            engine.load(OTHER);
            SwapReceipt receipt = engine.swap(new SwapOptions().reason("第二个"));
            same(Status.OK, receipt.journalStatus(), "journal");
            fails(Status.BUSY, () -> new Engine(new EngineOptions().journal(journal.toString())));
            JournalReport report = Engine.verifyJournal(journal);
            same(receipt.journalHash(), report.lastHash(), "hash");
            same(receipt.journalLine(), report.lines(), "lines");
        }
        check(Files.readString(journal).contains("第二个"), "the reason");
        Files.writeString(journal, Files.readString(journal).replace("javatest", "somebody"));
        try {
            Engine.verifyJournal(journal);
            throw new AssertionError("an edited journal is valid");
        } catch (JournalInvalidException invalid) {
            check(invalid.report().badLine() > 0, "the line");
        }
        fails(Status.IO, () -> Engine.verifyJournal(journal.resolveSibling("none")));
    }

    static void testQueries() {
        try (Engine engine = twoModels()) {
            engine.score(pairs(7));
            Stats stats = engine.stats(Slot.LIVE);
            same(7L, stats.pairs(), "pairs");
            same(16, stats.failedBy().length, "statuses");
            String metrics = engine.metrics(MetricsFormat.OPENMETRICS);
            check(metrics.endsWith("# EOF\n"), "the whole text");
            check(engine.metrics(MetricsFormat.PROMETHEUS).contains("mgeo_"), "metrics");
            same(OTHER.toString(), engine.info(Slot.STANDBY).path(), "path");
            same(Precision.FP32, engine.info(Slot.STANDBY).precision(), "precision");
            same((long) engine.unusedTensors(Slot.LIVE).size(), engine.info(Slot.LIVE).unusedTensors(), "tensors");
            same((long) engine.unusedFields(Slot.LIVE).size(), engine.info(Slot.LIVE).unusedFields(), "fields");
            Memory memory = Engine.predictMemory(null, new LoadOptions().precision(Precision.INT8));
            check(memory.fits() && memory.total() > 0 && memory.precision() == Precision.INT8, "memory");
            check(Engine.version().matches("\\d+\\.\\d+\\.\\d+"), "version");
        }
        try (Engine engine = new Engine()) {
            same(null, engine.rollout().liveSlot(), "no slot is live");
        }
    }
}
