// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the native libraries and loads them.
 *
 * <p>libmgeo itself is the one that {@code -Dmgeo.library.path} or {@code MGEO_LIBRARY} names (a file, or the folder
 * that holds {@code libmgeo.so.0}), else the one in the jar. What is in the jar is laid out in a folder first:
 * {@link Extraction}.
 */
final class Library {
    private static final String LIBRARY = "libmgeo.so.0";
    private static final String SHIM = "libmgeo_jni.so";
    private static final String INDEX = "index.txt";

    private Library() {}

    /** A file in the jar: its SHA-256, and where it goes below the folder. */
    record Entry(String sha256, String target) {
        String name() {
            return target.substring(target.lastIndexOf('/') + 1);
        }
    }

    static void load() {
        String resources = "native/" + platform() + "/";
        List<Entry> index = readIndex(resources);
        Path own = given();
        // A library from elsewhere brings what it depends on, and its model, itself.
        List<Entry> wanted = own == null ? index : index.stream().filter(entry -> entry.name().equals(SHIM)).toList();
        if (own == null && index.stream().noneMatch(entry -> entry.name().equals(LIBRARY))) {
            throw new UnsatisfiedLinkError("mgeo: this jar was made without " + LIBRARY
                    + "; name one by -Dmgeo.library.path=FOLDER, or make the jar without --no-bundle");
        }
        Path folder = Extraction.layOut(resources, wanted);
        if (own != null) {
            load(own, "name another one by -Dmgeo.library.path or MGEO_LIBRARY");
        }
        // The index has dependencies first.
        for (Entry entry : wanted) {
            if (entry.name().contains(".so")) {
                load(folder.resolve(entry.target()), "where the folder's file system is mounted noexec, name another"
                        + " folder by -Dmgeo.native.dir=FOLDER or MGEO_NATIVE_DIR");
            }
        }
    }

    private static void load(Path library, String remedy) {
        try {
            System.load(library.toAbsolutePath().toString());
        } catch (UnsatisfiedLinkError error) {
            throw new UnsatisfiedLinkError(
                    "mgeo: cannot load " + library + ": " + reason(error, library) + "; " + remedy);
        }
    }

    /** The linker's words, without the path that it may begin with. */
    private static String reason(UnsatisfiedLinkError error, Path library) {
        String message = String.valueOf(error.getMessage()).replace('\n', ' ');
        String path = library.toAbsolutePath() + ": ";
        while (message.startsWith(path)) {
            message = message.substring(path.length());
        }
        return message;
    }

    /** The libmgeo that the host names; null: the one in the jar. */
    private static Path given() {
        String named = System.getProperty("mgeo.library.path", System.getenv("MGEO_LIBRARY"));
        if (named == null || named.isEmpty()) {
            return null;
        }
        Path path = Path.of(named);
        return Files.isDirectory(path) ? path.resolve(LIBRARY) : path;
    }

    private static String platform() {
        String system = System.getProperty("os.name");
        String processor = System.getProperty("os.arch");
        String name = processor.equals("amd64") ? "x86_64" : processor;
        return (system.equals("Linux") ? "linux" : system.replace(File.separatorChar, '_')) + "-" + name;
    }

    private static List<Entry> readIndex(String resources) {
        try (InputStream index = Library.class.getResourceAsStream(resources + INDEX)) {
            if (index == null) {
                throw new UnsatisfiedLinkError("mgeo: this jar has no libraries for this machine (" + resources
                        + "); make one here with bindings/java/build.sh");
            }
            List<Entry> entries = new ArrayList<>();
            for (String line : new String(index.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                String[] parts = line.split(" ", 2);
                entries.add(new Entry(parts[0], parts[1]));
            }
            return entries;
        } catch (IOException failure) {
            throw new UnsatisfiedLinkError("mgeo: cannot read the jar: " + failure.getMessage());
        }
    }
}
