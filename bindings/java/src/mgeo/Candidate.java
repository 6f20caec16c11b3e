// SPDX-License-Identifier: Apache-2.0
package mgeo;

/**
 * A record that may name the place of a query.
 *
 * @param id the record's
 * @param text as it was put in
 * @param row of the record in its generation: from 0, in the order they were put in
 * @param score 0..1: orders candidates, and is not a model's similarity: score the pairs for that
 * @param flags sum of {@link CandidateFlag}
 */
public record Candidate(String id, String text, long row, float score, int flags) {}
