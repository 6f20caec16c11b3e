// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.List;

/**
 * What {@link Index#searchRows} found.
 *
 * @param generation that the rows are of: give it to the next call, so that a walk meets no change
 * @param candidates a list for each row
 */
public record FoundRows(long generation, List<List<Candidate>> candidates) {}
