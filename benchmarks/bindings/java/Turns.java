// SPDX-License-Identifier: Apache-2.0
// Java's turns against C: see turns.c.
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import mgeo.Engine;

public final class Turns {
    private Turns() {}

    public static void main(String[] arguments) throws Exception {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        BufferedReader turns = new BufferedReader(new InputStreamReader(System.in));
        try (Engine engine = new Engine()) {
            engine.load(Path.of(arguments[0]));
            List<String> lines = Files.readAllLines(Path.of(arguments[1]));
            String[] a = lines.stream().map(line -> line.substring(0, line.indexOf('\t'))).toArray(String[]::new);
            String[] b = lines.stream().map(line -> line.substring(line.indexOf('\t') + 1)).toArray(String[]::new);
            while (turns.readLine() != null) {
                long wall = System.nanoTime();
                long busy = system.getProcessCpuTime();
                engine.score(a, b);
                busy = system.getProcessCpuTime() - busy;
                System.out.printf("%.6f %.6f%n", (System.nanoTime() - wall) * 1e-9, busy * 1e-9);
            }
        }
    }
}
