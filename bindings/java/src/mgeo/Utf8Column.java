// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A column of texts in UTF-8, as Arrow's utf8 lays it out, in direct buffers that are read where they lie.
 *
 * @param offsets direct, in native order: {@code rows + 1} numbers of 32 bits, where each text begins and the last ends
 * @param bytes direct: the texts, one behind the other
 * @param rows how many there are
 */
public record Utf8Column(ByteBuffer offsets, ByteBuffer bytes, int rows) {
    public Utf8Column {
        if (!offsets.isDirect() || !bytes.isDirect()) {
            throw MgeoException.argument("a column's buffers are not direct; use ByteBuffer.allocateDirect");
        }
        if (offsets.order() != ByteOrder.nativeOrder()) {
            throw MgeoException.argument(
                    "a column's offsets are not in native order; use order(ByteOrder.nativeOrder())");
        }
        if (rows < 0 || offsets.capacity() / 4 <= rows) {
            throw MgeoException.argument(
                    rows + " rows, but room for " + offsets.capacity() / 4 + " offsets; one more than rows is needed");
        }
    }
}
