// SPDX-License-Identifier: Apache-2.0
package mgeo;

import static mgeo.Testing.check;
import static mgeo.Testing.fails;
import static mgeo.Testing.pairs;
import static mgeo.Testing.same;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Tables by Arrow's C data interface, its structs laid out by hand. */
final class ArrowTest {
    private static final int SCHEMA_SIZE = 72;
    private static final int ARRAY_SIZE = 80;
    private static final int STREAM_SIZE = 40;
    private static final Engine ENGINE = new Engine();
    private static final List<Pair> PAIRS = pairs(30);

    private ArrowTest() {}

    static native void makeStream(long stream, long schema, long table, int batches);

    static native long pull(long stream);

    static native void releaseStream(long stream);

    public static void main(String[] arguments) throws Exception {
        System.load(System.getenv("MGEO_STREAM_SOURCE"));
        ENGINE.load();
        Testing.runAll(ArrowTest.class);
        ENGINE.close();
    }

    // ---- Structs ----

    private static Struct pointers(Call call, long... addresses) {
        Struct array = call.memory(8 * Math.max(1, addresses.length));
        for (int i = 0; i < addresses.length; i++) {
            array.i64(8 * i, addresses[i]);
        }
        return array;
    }

    private static long schema(Call call, String format, String name, long... children) {
        Struct schema = call.memory(SCHEMA_SIZE);
        schema.i64(0, call.text("format", format));
        schema.i64(8, call.text("name", name));
        schema.i64(24, 2);
        schema.i64(32, children.length);
        schema.i64(40, pointers(call, children).address());
        // Borrowed: the library looks whether there is a function, and never calls it.
        schema.i64(56, 1);
        return schema.address();
    }

    private static long array(Call call, long length, long[] buffers, long... children) {
        Struct array = call.memory(ARRAY_SIZE);
        array.i64(0, length);
        array.i64(24, buffers.length);
        array.i64(32, children.length);
        array.i64(40, pointers(call, buffers).address());
        array.i64(48, pointers(call, children).address());
        array.i64(64, 1);
        return array.address();
    }

    private static long texts(Call call, Function<Pair, String> which) {
        StringBuilder all = new StringBuilder();
        Struct offsets = call.memory(4 * (PAIRS.size() + 1));
        for (int i = 0; i < PAIRS.size(); i++) {
            all.append(which.apply(PAIRS.get(i)));
            offsets.i32(4 * (i + 1), all.toString().getBytes(StandardCharsets.UTF_8).length);
        }
        return array(call, PAIRS.size(), new long[] {0, offsets.address(), call.text("texts", all.toString())});
    }

    private static long tableSchema(Call call) {
        return schema(call, "+s", "", schema(call, "u", "left"), schema(call, "u", "right"));
    }

    private static long table(Call call) {
        return array(call, PAIRS.size(), new long[] {0}, texts(call, Pair::a), texts(call, Pair::b));
    }

    // ---- Tests ----

    static void testATable() throws Exception {
        try (Call call = new Call(null); Job job = ENGINE.job()) {
            Struct schema = call.memory(SCHEMA_SIZE);
            Struct scores = call.memory(ARRAY_SIZE);
            ArrowOptions options = new ArrowOptions().a("left").b("right").columns(ArrowColumn.SIMILARITY.value);
            for (ArrowOptions each : List.of(options, options.job(job))) {
                ENGINE.scoreArrow(tableSchema(call), table(call), each, schema.address(), scores.address());
                same(30L, scores.i64(0), "rows");
                same(1L, scores.i64(32), "columns");
                check(schema.i64(56) != 0 && scores.i64(64) != 0, "the caller's to release");
                Engine.releaseArrow(schema.address(), scores.address());
                check(schema.i64(56) == 0 && scores.i64(64) == 0, "released");
            }
            long tableSchema = tableSchema(call);
            fails(Status.ARGUMENT, () -> ENGINE.scoreArrow(tableSchema, table(call), new ArrowOptions().a("none"),
                    schema.address(), scores.address()));
            same(0L, scores.i64(64), "nothing to release");
            try (Engine other = new Engine()) {
                fails(Status.ARGUMENT, () -> other.scoreArrow(tableSchema, table(call), new ArrowOptions().job(job),
                        schema.address(), scores.address()));
            }
        }
    }

    static void testAJobThatHasEnded() throws Exception {
        Job job = ENGINE.job();
        job.close();
        try (Call call = new Call(null)) {
            Struct schema = call.memory(SCHEMA_SIZE);
            Struct array = call.memory(ARRAY_SIZE);
            ArrowOptions options = new ArrowOptions().job(job);
            String message = fails(Status.ARGUMENT, () -> ENGINE.scoreArrow(
                    tableSchema(call), table(call), options, schema.address(), array.address())).getMessage();
            check(message.contains("the job is closed"), message);
        }
    }

    static void testAStreamHoldsItsEngineAndJob() throws Exception {
        try (Call call = new Call(null)) {
            Engine engine = new Engine();
            engine.load();
            Job job = engine.job();
            long pairs = call.memory(STREAM_SIZE).address();
            long scores = call.memory(STREAM_SIZE).address();
            makeStream(pairs, tableSchema(call), table(call), 3);
            engine.scoreArrowStream(pairs, new ArrowOptions().job(job), scores);
            same(30L, pull(scores), "the first batch");
            List<Throwable> failures = new ArrayList<>();
            Thread closer = Testing.start(() -> {
                job.close();
                engine.close();
            }, failures);
            while (closer.getState() == Thread.State.RUNNABLE) {
                Thread.onSpinWait();
            }
            same(30L, pull(scores), "the second batch, while others wait to close");
            same(30L, pull(scores), "the third");
            same(0L, pull(scores), "the end");
            check(closer.isAlive(), "closing waits");
            releaseStream(scores);
            Testing.join(List.of(closer), failures);
            fails(Status.ARGUMENT, () -> engine.scoreArrowStream(pairs, null, scores));
        }
    }

    static void testAStreamIsCancelled() {
        try (Call call = new Call(null)) {
            long pairs = call.memory(STREAM_SIZE).address();
            long scores = call.memory(STREAM_SIZE).address();
            makeStream(pairs, tableSchema(call), table(call), 3);
            CancellationToken token = new CancellationToken();
            ENGINE.scoreArrowStream(pairs, new ArrowOptions().cancellation(token), scores);
            same(30L, pull(scores), "the first batch");
            token.cancel();
            check(pull(scores) < 0, "the second is cancelled");
            releaseStream(scores);
            same(null, token.progress(), "detached");
        }
    }

    static void testAStreamThatFails() throws Exception {
        try (Call call = new Call(null); Engine empty = new Engine()) {
            long pairs = call.memory(STREAM_SIZE).address();
            makeStream(pairs, tableSchema(call), table(call), 1);
            fails(Status.NO_MODEL, () -> empty.scoreArrowStream(pairs, null, call.memory(STREAM_SIZE).address()));
            releaseStream(pairs);
        }
    }
}
