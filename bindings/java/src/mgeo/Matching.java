// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Matching without an index: the normal form of an address, and clusters of scored links. */
public final class Matching {
    private static final int LINK_BYTES = 24;

    private Matching() {}

    /**
     * The form of an address that ways of writing it share: for comparing, not for reading. Empty: nothing in the text
     * names a place.
     */
    public static String normalForm(String text) {
        byte[] given = utf8(text);
        for (int capacity = Math.addExact(Math.multiplyExact(3, given.length), 1); ; ) {
            try (Call call = new Call(null)) {
                Struct form = call.memory(capacity);
                Struct length = call.memory(8);
                try {
                    Native.call(Calls.NORMAL_FORM, call.bytes(given), given.length, form.address(), capacity,
                            length.address());
                    return form.chars(0, capacity);
                } catch (MgeoException failure) {
                    if (failure.status() != Status.CAPACITY) {
                        throw failure;
                    }
                    capacity = Math.toIntExact(length.i64(0) + 1);
                }
            }
        }
    }

    private static byte[] utf8(String text) {
        try {
            ByteBuffer made = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[made.remaining()];
            made.get(bytes);
            return bytes;
        } catch (CharacterCodingException wrong) {
            throw MgeoException.argument("the text has half a surrogate pair; give whole characters");
        }
    }

    /**
     * Clusters so many rows by links, and tells of each row where it came. The same links in any order give the same
     * clusters.
     */
    public static List<Member> cluster(List<Link> links, int rows, ClusterOptions options) {
        ClusterOptions given = options == null ? new ClusterOptions() : options;
        if (rows < 0 || given.source() != null && given.source().length != rows) {
            throw MgeoException.argument("source has not as many entries as there are rows: " + rows);
        }
        try (Call call = new Call(null)) {
            Struct all = call.memory(Math.multiplyExact(links.size(), LINK_BYTES));
            int at = 0;
            for (Link link : links) {
                all.i64(at, link.a());
                all.i64(at + 8, link.b());
                all.f32(at + 16, link.score());
                at += LINK_BYTES;
            }
            Struct members = call.memory(Math.multiplyExact(rows, Member.SIZE));
            Native.call(Calls.CLUSTER, all.address(), links.size(), rows, given.write(call), members.address());
            return members.list(0, Member.SIZE, rows, Member::read);
        }
    }
}
