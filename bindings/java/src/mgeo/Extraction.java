// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * Lays out files of the jar in a folder of this user's that nobody else can write.
 *
 * <p>The folder is {@code -Dmgeo.native.dir}, else {@code MGEO_NATIVE_DIR}, else {@code mgeo-USER} in
 * {@code java.io.tmpdir}. In it each set of files has a folder that is named after their content: it is written under
 * another name and renamed when it is whole, so that processes may start at once, and it is checked against the jar
 * whenever it is used.
 */
final class Extraction {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private Extraction() {}

    static Path layOut(String resources, List<Library.Entry> entries) {
        Path parent = parent();
        try {
            claim(parent);
            Path folder = parent.resolve(name(entries));
            if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                write(resources, entries, folder);
            } else if (!isWhole(folder, entries)) {
                remove(folder);
                write(resources, entries, folder);
            }
            return folder;
        } catch (IOException failure) {
            throw new UnsatisfiedLinkError("mgeo: cannot lay out the native libraries in " + parent + ": " + failure
                    + "; name another folder by -Dmgeo.native.dir=FOLDER or MGEO_NATIVE_DIR");
        }
    }

    private static Path parent() {
        String named = System.getProperty("mgeo.native.dir", System.getenv("MGEO_NATIVE_DIR"));
        if (named != null && !named.isEmpty()) {
            return Path.of(named).toAbsolutePath();
        }
        String user = System.getProperty("user.name").replaceAll("[^A-Za-z0-9_.-]", "_");
        return Path.of(System.getProperty("java.io.tmpdir"), "mgeo-" + user).toAbsolutePath();
    }

    /** Makes the folder, or makes sure that it is this user's and that nobody else can write in it. */
    private static void claim(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(folder.getParent());
            try {
                Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            } catch (FileAlreadyExistsException exception) {
                // Another process was first; whose it is, is looked at below.
            }
        }
        Set<PosixFilePermission> allowed = Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS);
        if (allowed.contains(PosixFilePermission.GROUP_WRITE) || allowed.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException("others can write there");
        }
        Path probe = Files.createTempFile(folder, ".owner", "");
        try {
            if (!Files.getOwner(probe).equals(Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS))) {
                throw new IOException("it is another user's");
            }
        } finally {
            Files.delete(probe);
        }
    }

    private static String name(List<Library.Entry> entries) {
        MessageDigest digest = sha256();
        for (Library.Entry entry : entries) {
            digest.update((entry.sha256() + " " + entry.target() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return hex(digest).substring(0, 32);
    }

    private static void write(String resources, List<Library.Entry> entries, Path folder) throws IOException {
        Path begun = Files.createTempDirectory(
                folder.getParent(), ".begun", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            for (Library.Entry entry : entries) {
                Path target = begun.resolve(entry.target());
                Files.createDirectories(target.getParent());
                try (InputStream resource = Extraction.class.getResourceAsStream(resources + entry.target())) {
                    if (resource == null) {
                        throw new IOException("the jar lacks " + entry.target());
                    }
                    Files.copy(resource, target);
                }
            }
            if (!isWhole(begun, entries)) {
                throw new IOException("what was written is not what the jar's index says: the jar is damaged");
            }
            Files.move(begun, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            remove(begun);
            // Another process may have been first.
            if (!isWhole(folder, entries)) {
                throw failure;
            }
        }
    }

    private static boolean isWhole(Path folder, List<Library.Entry> entries) throws IOException {
        for (Library.Entry entry : entries) {
            Path file = folder.resolve(entry.target());
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !digest(file).equals(entry.sha256())) {
                return false;
            }
        }
        return true;
    }

    private static String digest(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] part = new byte[1 << 16];
        try (InputStream content = Files.newInputStream(file)) {
            for (int count = content.read(part); count >= 0; count = content.read(part)) {
                digest.update(part, 0, count);
            }
        }
        return hex(digest);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void remove(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> inside = Files.newDirectoryStream(path)) {
                for (Path each : inside) {
                    remove(each);
                }
            }
        }
        Files.deleteIfExists(path);
    }
}
