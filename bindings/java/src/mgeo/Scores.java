// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** The answer to a call of score: arrays of one entry a pair, which belong to whoever asked. */
public final class Scores {
    private final float[] similarity;
    private final int[] label;
    private final int[] flags;
    private final float[] probabilities;
    private final float[] logits;
    private final int labelCount;
    private final long generation;
    private final long tokens;
    private final int badRows;

    Scores(float[] similarity, int[] label, int[] flags, float[] probabilities, float[] logits,
            int labelCount, long generation, long tokens, int badRows) {
        this.similarity = similarity;
        this.label = label;
        this.flags = flags;
        this.probabilities = probabilities;
        this.logits = logits;
        this.labelCount = labelCount;
        this.generation = generation;
        this.tokens = tokens;
        this.badRows = badRows;
    }

    public int size() {
        return similarity.length;
    }

    /** 0 to 1; NaN for a row without a score. */
    public float[] similarity() {
        return similarity;
    }

    /** Index of the likeliest label among {@link ModelInfo#labels}; -1 for a row without a score. */
    public int[] label() {
        return label;
    }

    /** Sums of {@link RowFlag}. */
    public int[] flags() {
        return flags;
    }

    /** {@link #labelCount} floats a pair, one pair behind the other; null unless asked for. */
    public float[] probabilities() {
        return probabilities;
    }

    /** As probabilities; null unless asked for. */
    public float[] logits() {
        return logits;
    }

    public int labelCount() {
        return labelCount;
    }

    /** The model that answered the whole call. */
    public long generation() {
        return generation;
    }

    public long tokens() {
        return tokens;
    }

    /** Rows without a score. */
    public int badRows() {
        return badRows;
    }
}
