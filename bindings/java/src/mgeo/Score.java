// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** The score of one pair, as {@link Scores} tells those of many. */
public record Score(float similarity, int label, int flags, float[] probabilities, long generation) {}
