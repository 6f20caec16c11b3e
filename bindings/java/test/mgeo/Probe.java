// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.file.Files;
import java.nio.file.Path;

/** Loads the bundled model, and prints which files it and the libraries came from. */
final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws Exception {
        try (Engine engine = new Engine()) {
            System.out.println("pid " + ProcessHandle.current().pid());
            System.out.println("generation " + engine.load().generation());
            System.out.println("similarity " + engine.score("文三路90号", "文三路90号").similarity());
            Files.lines(Path.of("/proc/self/maps")).filter(line -> line.contains("libmgeo"))
                    .map(line -> "library " + line.substring(line.indexOf('/'))).distinct().forEach(System.out::println);
        } catch (UnsatisfiedLinkError error) {
            System.out.println("cannot load: " + error.getMessage());
        }
    }
}
