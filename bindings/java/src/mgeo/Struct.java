// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A C struct in a call's memory: its members by their offsets. */
final class Struct {
    private final Call call;
    private final ByteBuffer buffer;
    private final int base;
    private final long address;

    Struct(Call call, ByteBuffer buffer, int base, long address) {
        this.call = call;
        this.buffer = buffer;
        this.base = base;
        this.address = address;
    }

    long address() {
        return address;
    }

    // ---- Options are written ----

    void i8(int offset, byte value) {
        buffer.put(base + offset, value);
    }

    void i32(int offset, int value) {
        buffer.putInt(base + offset, value);
    }

    void u32(int offset, String name, int value) {
        if (value < 0) {
            throw MgeoException.argument(name + " is " + value + "; give 0 or more");
        }
        i32(offset, value);
    }

    void i64(int offset, long value) {
        buffer.putLong(base + offset, value);
    }

    void f32(int offset, float value) {
        buffer.putFloat(base + offset, value);
    }

    void f64(int offset, double value) {
        buffer.putDouble(base + offset, value);
    }

    /** A pointer to pairs, and their number behind it. */
    void pairs(int offset, List<Pair> pairs) {
        if (pairs != null) {
            i64(offset, call.pairs(pairs));
            i64(offset + 8, pairs.size());
        }
    }

    /** A pointer to as many names as there are pairs. */
    void gold(int offset, List<String> gold, List<Pair> pairs) {
        if (gold == null) {
            return;
        }
        if (pairs == null || gold.size() != pairs.size()) {
            throw MgeoException.argument(
                    gold.size() + " gold labels for " + (pairs == null ? 0 : pairs.size()) + " pairs; give one a pair");
        }
        Struct names = call.memory(8 * Math.max(1, gold.size()));
        for (int i = 0; i < gold.size(); i++) {
            names.i64(8 * i, call.text("gold", gold.get(i)));
        }
        i64(offset, names.address);
    }

    // ---- Reports are read ----

    int i32(int offset) {
        return buffer.getInt(base + offset);
    }

    long i64(int offset) {
        return buffer.getLong(base + offset);
    }

    float f32(int offset) {
        return buffer.getFloat(base + offset);
    }

    double f64(int offset) {
        return buffer.getDouble(base + offset);
    }

    /** A text in an array of so many bytes, up to its NUL. */
    String chars(int offset, int size) {
        byte[] bytes = new byte[size];
        buffer.get(base + offset, bytes);
        int length = 0;
        while (length < size && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    List<String> charLists(int offset, int size, int count) {
        List<String> texts = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            texts.add(chars(offset + i * size, size));
        }
        return List.copyOf(texts);
    }

    long[] numbers(int offset, int count) {
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = i64(offset + 8 * i);
        }
        return numbers;
    }

    /** The corner in use of a matrix of labels. */
    long[][] matrix(int offset, int rows, int columns) {
        long[][] matrix = new long[rows][];
        for (int i = 0; i < rows; i++) {
            matrix[i] = numbers(offset + 8 * Constants.MAX_LABELS * i, columns);
        }
        return matrix;
    }

    <T> List<T> list(int offset, int size, int count, Function<Struct, T> read) {
        List<T> made = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = offset + i * size;
            made.add(read.apply(new Struct(call, buffer, base + at, address + at)));
        }
        return List.copyOf(made);
    }
}
