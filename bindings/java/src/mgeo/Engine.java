// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Two slots for models, one of them live: scores pairs of addresses and swaps models under load.
 *
 * <p>Every method may be called from any number of threads. What fails throws a {@link MgeoException}. A call that
 * blocks ends with {@link Status#CANCELLED} when its thread is interrupted, which stays interrupted; one pair is scored
 * to its end. Closing waits for the calls that run, and ends the jobs that are left; later calls are refused. An engine
 * that nobody can reach any more is freed by a cleaner.
 */
public final class Engine implements AutoCloseable {
    static final Cleaner CLEANER = Cleaner.create();
    /** More calls at once than these threads would wait in the library as well. */
    private static final int ASYNC_THREADS = 64;
    private static final Executor ASYNC = asyncThreads();

    private final EngineHandle handle;
    private final Cleaner.Cleanable cleanable;

    /** An engine without a model, a log or a journal. */
    public Engine() {
        this(new EngineOptions());
    }

    public Engine(EngineOptions options) {
        handle = new EngineHandle(options);
        cleanable = CLEANER.register(this, handle);
    }

    private static Executor asyncThreads() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                ASYNC_THREADS, ASYNC_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "mgeo-async");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** The version of the library that is running. */
    public static String version() {
        return new String(Native.version(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        Lifetime.refuseInLog();
        cleanable.clean();
    }

    // ---- Loading ----

    /** Loads the bundled model. */
    public ModelInfo load() {
        return load(null, null);
    }

    public ModelInfo load(Path directory) {
        return load(directory, null);
    }

    /** Loads a model into the standby slot; the first one goes live. A null directory is the bundled model. */
    public ModelInfo load(Path directory, LoadOptions options) {
        try (Call call = new Call(handle.lifetime)) {
            Struct info = call.versioned(ModelInfo.SIZE);
            LoadOptions given = options == null ? new LoadOptions() : options;
            Native.call(Calls.LOAD, handle.engine, call.path(directory), given.write(call), info.address());
            return ModelInfo.read(info);
        }
    }

    /** Frees the standby model once the last of its calls has ended. */
    public void unload() {
        try (Call call = new Call(handle.lifetime)) {
            Native.call(Calls.UNLOAD, handle.engine);
        }
    }

    /** What a load would need, told by the files' headers alone. */
    public static Memory predictMemory(Path directory, LoadOptions options) {
        try (Call call = new Call(null)) {
            Struct memory = call.versioned(Memory.SIZE);
            Native.call(Calls.PREDICT_MEMORY, call.path(directory), Options.write(options, call), memory.address());
            return Memory.read(memory);
        }
    }

    // ---- Scoring ----

    /** Scores one pair. */
    public Score score(String a, String b) {
        Scores scores = score(new String[] {a}, new String[] {b}, new ScoreOptions().probabilities(true));
        return new Score(scores.similarity()[0], scores.label()[0], scores.flags()[0], scores.probabilities(),
                scores.generation());
    }

    public Scores score(List<Pair> pairs) {
        return score(pairs, null);
    }

    /** Scores pairs; one model answers the whole call. Rows without a score are flagged and fail nothing else. */
    public Scores score(List<Pair> pairs, ScoreOptions options) {
        String[][] columns = Pairs.columns(pairs);
        return score(columns[0], columns[1], options);
    }

    public Scores score(String[] a, String[] b) {
        return score(a, b, null);
    }

    /** Scores a[i] with b[i]. A string with half a surrogate pair makes its row one of RowFlag.INVALID_UTF8. */
    public Scores score(String[] a, String[] b, ScoreOptions options) {
        return Scoring.score(handle, 0, call -> call.texts(a, b), a == null ? 0 : a.length, options);
    }

    /** Scores two columns of UTF-8, which are read where they lie. */
    public Scores score(Utf8Column a, Utf8Column b, ScoreOptions options) {
        if (a.rows() != b.rows()) {
            throw MgeoException.argument("one column has " + a.rows() + " rows and the other " + b.rows());
        }
        return Scoring.score(handle, 0, call -> call.columns(a, b), a.rows(), options);
    }

    /** Scores in another thread. Cancelling the future cancels the call. */
    public CompletableFuture<Scores> scoreAsync(List<Pair> pairs, ScoreOptions options) {
        return scoreAsync(pairs, options, ASYNC);
    }

    /** Scores in a thread of `executor`, which is blocked meanwhile. Cancelling the future cancels the call. */
    public CompletableFuture<Scores> scoreAsync(List<Pair> pairs, ScoreOptions options, Executor executor) {
        ScoreOptions given = options == null ? new ScoreOptions() : options.copy();
        if (given.cancellation == null) {
            given.cancellation = new CancellationToken();
        }
        CompletableFuture<Scores> future = CompletableFuture.supplyAsync(() -> score(pairs, given), executor);
        future.whenComplete((scores, failure) -> {
            if (future.isCancelled()) {
                given.cancellation.cancel();
            }
        });
        return future;
    }

    /** Holds one model for many calls. */
    public Job job() {
        return job(null);
    }

    public Job job(JobOptions options) {
        return new Job(this, handle, options);
    }

    // ---- Tables ----

    /**
     * Scores a table by Arrow's C data interface. All addresses are those of its C structs, as Arrow Java's
     * {@code ArrowSchema.memoryAddress()} and {@code ArrowArray.memoryAddress()} tell them. The first two stay the
     * caller's; the last two are filled, and then the caller's to import or to release ({@link #releaseArrow}).
     */
    public void scoreArrow(long pairsSchema, long pairs, ArrowOptions options, long scoresSchema, long scores) {
        ArrowOptions given = options == null ? new ArrowOptions() : options;
        try (Call call = new Call(handle.lifetime)) {
            long written = given.write(call);
            Native.call(Calls.SCORE_ARROW, handle.engine, pairsSchema, pairs, written, scoresSchema, scores);
        }
    }

    /** Releases a schema and an array that scoreArrow filled and that nothing imported; 0 is passed over. */
    public static void releaseArrow(long schema, long array) {
        Native.releaseArrow(schema, array);
    }

    /**
     * The same for a stream of record batches, by the addresses of ArrowArrayStream structs. {@code pairs} is moved into
     * the new stream. One model answers it all. Until it is released, closing the engine (and the job) waits.
     */
    public void scoreArrowStream(long pairs, ArrowOptions options, long scores) {
        ArrowStreamHold hold = new ArrowStreamHold(this, handle.lifetime, options == null ? new ArrowOptions() : options);
        try (Call call = new Call(handle.lifetime)) {
            call.useProgress(hold.progress());
            Native.call(Calls.SCORE_ARROW_STREAM, handle.engine, pairs, hold.options().write(call), scores);
        } catch (RuntimeException | Error failure) {
            hold.released();
            throw failure;
        }
        if (!Native.holdStream(scores, hold)) {
            hold.released();
            throw new MgeoException(Status.MEMORY, "no memory for a stream");
        }
    }

    // ---- Rolling out ----

    /** Compares the standby model with the live one, and tells the pairs with the largest shifts, `worst` at most. */
    public CompareReport compare(CompareOptions options, int worst) {
        if (worst < 0) {
            throw MgeoException.argument("worst is " + worst + "; give 0 or more");
        }
        try (Call call = new Call(handle.lifetime)) {
            Struct report = call.versioned(CompareReport.SIZE, Math.multiplyExact(worst, Shift.SIZE));
            if (worst > 0) {
                report.i64(8, report.address() + CompareReport.SIZE);
                report.i64(16, worst);
            }
            Native.call(Calls.COMPARE, handle.engine, options.write(call), report.address());
            return CompareReport.read(report);
        }
    }

    /** Cuts traffic over to the standby model at once. */
    public SwapReceipt swap() {
        return swap(null);
    }

    /** The same through a gate, or followed by a watch. A refusal is a {@link SwapRefusedException}. */
    public SwapReceipt swap(SwapOptions options) {
        try (Call call = new Call(handle.lifetime)) {
            Struct receipt = call.versioned(SwapReceipt.SIZE);
            try {
                Native.call(Calls.SWAP_MODEL, handle.engine, Options.write(options, call), receipt.address());
            } catch (MgeoException failure) {
                if (failure.status() != Status.REFUSED) {
                    throw failure;
                }
                throw new SwapRefusedException(failure.getMessage(), SwapReceipt.read(receipt));
            }
            return SwapReceipt.read(receipt);
        }
    }

    public SwapReceipt rollBack() {
        return rollBack(null);
    }

    /** Cuts traffic back over to the model that was live before the last swap. */
    public SwapReceipt rollBack(RollBackOptions options) {
        try (Call call = new Call(handle.lifetime)) {
            Struct receipt = call.versioned(SwapReceipt.SIZE);
            Native.call(Calls.ROLL_BACK, handle.engine, Options.write(options, call), receipt.address());
            return SwapReceipt.read(receipt);
        }
    }

    /** How the last watch stands, or how it ended. */
    public WatchReport watch() {
        try (Call call = new Call(handle.lifetime)) {
            Struct report = call.versioned(WatchReport.SIZE);
            Native.call(Calls.GET_WATCH, handle.engine, report.address());
            return WatchReport.read(report);
        }
    }

    /** The standby model answers this share of the calls, in 1/10,000. */
    public void setCanary(int share, CanaryOptions options) {
        try (Call call = new Call(handle.lifetime)) {
            Native.call(Calls.SET_CANARY, handle.engine, share, Options.write(options, call));
        }
    }

    /** The standby model also scores this share of the live calls, in 1/10,000; its answers are only compared. */
    public void setShadow(int share, ShadowOptions options) {
        try (Call call = new Call(handle.lifetime)) {
            Native.call(Calls.SET_SHADOW, handle.engine, share, Options.write(options, call));
        }
    }

    public ShadowReport shadow() {
        try (Call call = new Call(handle.lifetime)) {
            Struct report = call.versioned(ShadowReport.SIZE);
            Native.call(Calls.GET_SHADOW, handle.engine, report.address());
            return ShadowReport.read(report);
        }
    }

    /** The pair of shadow calls with the largest shift but `rank`. */
    public ShadowPair shadowPair(int rank) {
        int capacity = 1024;
        try (Call call = new Call(handle.lifetime)) {
            Struct shift = call.memory(Shift.SIZE);
            Struct a = call.memory(capacity);
            Struct b = call.memory(capacity);
            Native.call(Calls.GET_SHADOW_PAIR, handle.engine, rank, shift.address(), a.address(), capacity, b.address(),
                    capacity);
            return new ShadowPair(Shift.read(shift), a.chars(0, capacity), b.chars(0, capacity));
        }
    }

    // ---- Queries ----

    public ModelInfo info(Slot slot) {
        try (Call call = new Call(handle.lifetime)) {
            Struct info = call.versioned(ModelInfo.SIZE);
            Native.call(Calls.GET_INFO, handle.engine, slot.value, info.address());
            return ModelInfo.read(info);
        }
    }

    public Stats stats(Slot slot) {
        try (Call call = new Call(handle.lifetime)) {
            Struct stats = call.versioned(Stats.SIZE);
            Native.call(Calls.GET_STATS, handle.engine, slot.value, stats.address());
            return Stats.read(stats);
        }
    }

    public Rollout rollout() {
        try (Call call = new Call(handle.lifetime)) {
            Struct rollout = call.versioned(Rollout.SIZE);
            Native.call(Calls.GET_ROLLOUT, handle.engine, rollout.address());
            return Rollout.read(rollout);
        }
    }

    /** Names of tensors in the model's files that scoring does not need. */
    public List<String> unusedTensors(Slot slot) {
        long count = info(slot).unusedTensors();
        List<String> names = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            try (Call call = new Call(handle.lifetime)) {
                Struct name = call.memory(1024);
                Native.call(Calls.GET_UNUSED_TENSOR, handle.engine, slot.value, i, name.address(), 1024);
                names.add(name.chars(0, 1024));
            }
        }
        return names;
    }

    /** Fields of the model's JSON files that decided nothing. */
    public List<UnusedField> unusedFields(Slot slot) {
        long count = info(slot).unusedFields();
        List<UnusedField> fields = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            try (Call call = new Call(handle.lifetime)) {
                Struct field = call.versioned(UnusedField.SIZE);
                Native.call(Calls.GET_UNUSED_FIELD, handle.engine, slot.value, i, field.address());
                fields.add(UnusedField.read(field));
            }
        }
        return fields;
    }

    /** All counters as text for a scraper. */
    public String metrics(MetricsFormat format) {
        for (int capacity = 1 << 16; ; capacity *= 2) {
            try (Call call = new Call(handle.lifetime)) {
                Struct length = call.memory(8);
                Struct text = call.memory(capacity);
                Native.call(Calls.WRITE_METRICS, handle.engine, format.value, text.address(), capacity,
                        length.address());
                return text.chars(0, (int) length.i64(0));
            } catch (MgeoException failure) {
                if (failure.status() != Status.CAPACITY) {
                    throw failure;
                }
            }
        }
    }

    /** Checks that no line of a journal was cut, edited or moved; else throws {@link JournalInvalidException}. */
    public static JournalReport verifyJournal(Path journal) {
        try (Call call = new Call(null)) {
            Struct report = call.versioned(JournalReport.SIZE);
            try {
                Native.call(Calls.JOURNAL_VERIFY, call.path(journal), report.address());
            } catch (MgeoException failure) {
                if (failure.status() != Status.FORMAT) {
                    throw failure;
                }
                throw new JournalInvalidException(failure.getMessage(), JournalReport.read(report));
            }
            return JournalReport.read(report);
        }
    }
}
