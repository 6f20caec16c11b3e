// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What the tests share: runs every method of a class whose name begins with "test", and says what differs. */
final class Testing {
    static final Path MODELS = Path.of(System.getenv("MGEO_MODELS"));
    static final Path MINI = MODELS.resolve("mini");
    private static final Path PAIRS = MODELS.resolveSibling("examples/data/pairs.tsv");

    private Testing() {}

    interface Body {
        void run() throws Exception;
    }

    static void runAll(Class<?> tests) throws Exception {
        int run = 0;
        for (Method method : tests.getDeclaredMethods()) {
            if (!method.getName().startsWith("test")) {
                continue;
            }
            try {
                method.invoke(null);
            } catch (InvocationTargetException failure) {
                throw new AssertionError(tests.getSimpleName() + "." + method.getName(), failure.getCause());
            }
            System.out.println("ok " + method.getName());
            run++;
        }
        check(run > 0, "there are tests");
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("not so: " + what);
        }
    }

    static void same(Object expected, Object found, String what) {
        if (!Objects.deepEquals(expected, found)) {
            throw new AssertionError(what + ": expected " + expected + ", found " + found);
        }
    }

    /** Runs what must fail with this status, and returns the exception. */
    static MgeoException fails(Status status, Body body) throws Exception {
        try {
            body.run();
        } catch (MgeoException failure) {
            same(status, failure.status(), failure.getMessage());
            check(!failure.getMessage().isEmpty() && failure.getMessage().indexOf('\n') < 0, "one line: " + failure);
            return failure;
        }
        throw new AssertionError("nothing failed; expected " + status);
    }

    /** So many pairs of addresses, made of those of the examples. */
    static List<Pair> pairs(int count) {
        try {
            List<String> lines = Files.readAllLines(PAIRS).subList(1, 201);
            List<Pair> pairs = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                String[] first = lines.get(i % lines.size()).split("\t");
                String[] second = lines.get((i + i / lines.size()) % lines.size()).split("\t");
                pairs.add(new Pair(first[0], second[1]));
            }
            return pairs;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static Thread start(Body body, List<Throwable> failures) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (Throwable failure) {
                synchronized (failures) {
                    failures.add(failure);
                }
            }
        });
        thread.start();
        return thread;
    }

    static void join(List<Thread> threads, List<Throwable> failures) throws Exception {
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("a thread failed", failures.get(0));
        }
    }

    /** A folder for the test's files, removed at the end. */
    static Path folder() throws IOException {
        Path folder = Files.createTempDirectory("mgeo-java-test");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try (var inside = Files.walk(folder)) {
                inside.sorted((x, y) -> y.compareTo(x)).forEach(path -> path.toFile().delete());
            } catch (IOException failure) {
                System.err.println("cannot remove " + folder);
            }
        }));
        return folder;
    }
}
