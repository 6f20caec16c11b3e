// SPDX-License-Identifier: Apache-2.0
package mgeo;

import static mgeo.Testing.check;
import static mgeo.Testing.fails;
import static mgeo.Testing.pairs;
import static mgeo.Testing.same;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Scores: from threads, in every shape of input, and for texts that are none. */
final class ScoreTest {
    private static final Engine ENGINE = new Engine();

    public static void main(String[] arguments) throws Exception {
        ModelInfo info = ENGINE.load(null, new LoadOptions().threads(2).version("first"));
        same("first", info.version(), "version");
        check(info.live() && info.slot() == ENGINE.rollout().liveSlot(), "the first model is live");
        same(List.of("not_match", "partial_match", "exact_match"), info.labels(), "labels");
        Testing.runAll(ScoreTest.class);
        ENGINE.close();
    }

    static void testThreadsAnswerAsOneCall() throws Exception {
        List<Pair> pairs = pairs(1000);
        Scores expected = ENGINE.score(pairs);
        same(1000, expected.size(), "size");
        float[] found = new float[pairs.size()];
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int first = i;
            threads.add(Testing.start(() -> {
                for (int at = first * 5; at < pairs.size(); at += 40) {
                    float[] part = ENGINE.score(pairs.subList(at, at + 5)).similarity();
                    System.arraycopy(part, 0, found, at, part.length);
                }
            }, failures));
        }
        Testing.join(threads, failures);
        check(Arrays.equals(expected.similarity(), found), "the same bits");
    }

    static void testArraysThatAreNull() throws Exception {
        String[] one = {"文三路90号"};
        check(fails(Status.ARGUMENT, () -> ENGINE.score(one, null)).getMessage().contains(" b "), "names b");
        check(fails(Status.ARGUMENT, () -> ENGINE.score(null, one, null)).getMessage().contains(" a "), "names a");
        try (Job job = ENGINE.job()) {
            fails(Status.ARGUMENT, () -> job.score(one, null, null));
        }
        same(1, ENGINE.score(one, one).size(), "scores afterwards");
    }

    /** The only hold on the buffers is the call itself. */
    static void testColumnsOutliveTheirCall() {
        String[] a = pairs(300).stream().map(Pair::a).toArray(String[]::new);
        float[] expected = ENGINE.score(a, a).similarity();
        Thread collector = new Thread(() -> {
            while (!Thread.interrupted()) {
                System.gc();
                LockSupport.parkNanos(20_000_000);
            }
        });
        collector.start();
        try {
            for (int i = 0; i < 4; i++) {
                check(Arrays.equals(expected, ENGINE.score(column(a), column(a), null).similarity()), "columns");
            }
        } finally {
            collector.interrupt();
        }
    }

    static void testShapesAgree() {
        List<Pair> pairs = pairs(50);
        ScoreOptions all = new ScoreOptions().probabilities(true).logits(true);
        Scores scores = ENGINE.score(pairs, all);
        String[] a = pairs.stream().map(Pair::a).toArray(String[]::new);
        String[] b = pairs.stream().map(Pair::b).toArray(String[]::new);
        check(Arrays.equals(scores.similarity(), ENGINE.score(a, b).similarity()), "arrays");
        Scores columns = ENGINE.score(column(a), column(b), all);
        check(Arrays.equals(scores.similarity(), columns.similarity()), "columns");
        check(Arrays.equals(scores.logits(), columns.logits()), "logits of columns");
        same(3 * 50, scores.probabilities().length, "probabilities");
        for (int i = 0; i < 50; i++) {
            Score one = ENGINE.score(a[i], b[i]);
            same(scores.similarity()[i], one.similarity(), "similarity of one pair");
            same(scores.label()[i], one.label(), "label of one pair");
            same(likeliest(scores.probabilities(), i), one.label(), "the likeliest label");
            float[] three = Arrays.copyOfRange(scores.probabilities(), 3 * i, 3 * i + 3);
            check(Arrays.equals(three, one.probabilities()), "probabilities of one pair");
        }
        check(scores.tokens() > 0 && scores.badRows() == 0 && scores.generation() == 1, "counts");
        same(null, ENGINE.score(pairs).probabilities(), "probabilities that nobody asked for");
        same(0, ENGINE.score(List.of()).size(), "no pairs");
    }

    private static int likeliest(float[] probabilities, int row) {
        int best = 0;
        for (int i = 1; i < 3; i++) {
            best = probabilities[3 * row + i] > probabilities[3 * row + best] ? i : best;
        }
        return best;
    }

    private static Utf8Column column(String[] texts) {
        ByteBuffer offsets = ByteBuffer.allocateDirect(4 * (texts.length + 1)).order(ByteOrder.nativeOrder());
        byte[] bytes = String.join("", texts).getBytes(StandardCharsets.UTF_8);
        int end = 0;
        for (String text : texts) {
            offsets.putInt(end);
            end += text.getBytes(StandardCharsets.UTF_8).length;
        }
        offsets.putInt(end);
        return new Utf8Column(offsets, ByteBuffer.allocateDirect(Math.max(1, bytes.length)).put(bytes), texts.length);
    }

    static void testColumnsThatLie() throws Exception {
        Utf8Column sound = column(new String[] {"杭州市", "文三路"});
        Utf8Column outside = column(new String[] {"杭州市", "文三路"});
        outside.offsets().putInt(8, 19);
        check(fails(Status.ARGUMENT, () -> ENGINE.score(sound, outside, null)).getMessage().contains("row 1"), "the row");
        Utf8Column back = column(new String[] {"杭州市", "文三路"});
        back.offsets().putInt(4, -1);
        fails(Status.ARGUMENT, () -> ENGINE.score(back, sound, null));
        fails(Status.ARGUMENT, () -> new Utf8Column(ByteBuffer.allocate(8), sound.bytes(), 1));
        fails(Status.ARGUMENT, () -> new Utf8Column(sound.offsets(), sound.bytes(), 3));
        fails(Status.ARGUMENT, () -> ENGINE.score(sound, column(new String[] {"杭州市"}), null));
    }

    static void testTextsBeyondTheFirstPlane() {
        // The columns hold what Java's own encoder makes of them.
        String[] a = {"𠮷野家🙂", "a\u0000b", "é߿ࠀ\uFFFF", "", "x".repeat(5000), "路".repeat(3_000_000)};
        String[] b = {"𠮷野家", "ab", "é", "x", "x", "路"};
        Scores strings = ENGINE.score(a, b);
        Scores columns = ENGINE.score(column(a), column(b), null);
        same(Arrays.toString(columns.similarity()), Arrays.toString(strings.similarity()), "similarities");
        same(Arrays.toString(columns.flags()), Arrays.toString(strings.flags()), "flags");
        same(columns.tokens(), strings.tokens(), "tokens");
        check(RowFlag.EMPTY.isIn(strings.flags()[3]), "empty");
        check(RowFlag.TRUNCATED.isIn(strings.flags()[4]) || RowFlag.TRUNCATED.isIn(strings.flags()[5]), "truncated");
    }

    static void testHalfASurrogatePair() {
        for (String text : List.of("杭州\uD842", "\uDFB7杭州", "\uD842\uD842\uDFB7", "a\uDFB7\uD842")) {
            Scores scores = ENGINE.score(new String[] {text, "杭州"}, new String[] {"杭州", "杭州"});
            check(RowFlag.INVALID_UTF8.isIn(scores.flags()[0]), "flagged");
            check(Float.isNaN(scores.similarity()[0]) && scores.label()[0] == -1, "no score");
            check(scores.flags()[1] == 0 && scores.badRows() == 1, "its neighbour has one");
        }
    }

    static void testWhatIsNoPair() throws Exception {
        String[] one = {"杭州"};
        check(fails(Status.ARGUMENT, () -> ENGINE.score(new String[] {"杭州", null}, new String[] {"杭州", "杭州"}))
                .getMessage().contains("pair 1: text a"), "the row");
        fails(Status.ARGUMENT, () -> ENGINE.score(one, new String[] {null}));
        fails(Status.ARGUMENT, () -> ENGINE.score(one, new String[2]));
        fails(Status.ARGUMENT, () -> ENGINE.score(Arrays.asList(new Pair("杭州", "杭州"), null)));
    }

    static void testErrors() throws Exception {
        check(fails(Status.IO, () -> ENGINE.load(Path.of("/no/such/folder"))).getMessage().contains("/no/such/folder"),
                "the folder");
        fails(Status.ARGUMENT, () -> ENGINE.load(null, new LoadOptions().partialWeight(2)));
        fails(Status.ARGUMENT, () -> ENGINE.load(null, new LoadOptions().threads(-1)));
        fails(Status.ARGUMENT, () -> ENGINE.load(null, new LoadOptions().version("a\0b")));
        fails(Status.DEVICE, () -> ENGINE.load(null, new LoadOptions().device("cuda:99")));
        fails(Status.NO_MODEL, () -> ENGINE.info(Slot.STANDBY));
        fails(Status.NO_MODEL, ENGINE::swap);
        fails(Status.NO_MODEL, ENGINE::rollBack);
        try (Engine empty = new Engine()) {
            fails(Status.NO_MODEL, () -> empty.score("杭州", "杭州"));
        }
    }

    /** More strings than a frame of local references could hold. */
    static void testVeryManyPairs() {
        try (Engine engine = new Engine()) {
            engine.load(Testing.MODELS.resolveSibling("tests/golden/models/two_labels"));
            List<Pair> few = pairs(1000);
            float[] expected = engine.score(few).similarity();
            String[] a = new String[100_000];
            String[] b = new String[a.length];
            for (int i = 0; i < a.length; i++) {
                a[i] = few.get(i % 1000).a();
                b[i] = few.get(i % 1000).b();
            }
            float[] found = engine.score(a, b).similarity();
            for (int i = 0; i < a.length; i++) {
                same(expected[i % 1000], found[i], "pair " + i);
            }
        }
    }
}
