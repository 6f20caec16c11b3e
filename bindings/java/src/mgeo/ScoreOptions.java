// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** Options of a call of score. */
public final class ScoreOptions {
    private static final int WANTS_PROBABILITIES = 1;
    private static final int WANTS_LOGITS = 2;

    long routeKey;
    int wants;
    CancellationToken cancellation;

    /** While a canary runs, calls with the same key meet the same model; 0: the same pairs do. */
    public ScoreOptions routeKey(long routeKey) {
        this.routeKey = routeKey;
        return this;
    }

    /** Also answer the probability of each label. */
    public ScoreOptions probabilities(boolean wanted) {
        wants = wanted ? wants | WANTS_PROBABILITIES : wants & ~WANTS_PROBABILITIES;
        return this;
    }

    /** Also answer what the model said before softmax or sigmoid. */
    public ScoreOptions logits(boolean wanted) {
        wants = wanted ? wants | WANTS_LOGITS : wants & ~WANTS_LOGITS;
        return this;
    }

    /** Cancels the call from another thread, and tells how far it is; null: only an interrupt cancels it. */
    public ScoreOptions cancellation(CancellationToken cancellation) {
        this.cancellation = cancellation;
        return this;
    }

    ScoreOptions copy() {
        ScoreOptions copy = new ScoreOptions();
        copy.routeKey = routeKey;
        copy.wants = wants;
        copy.cancellation = cancellation;
        return copy;
    }
}
