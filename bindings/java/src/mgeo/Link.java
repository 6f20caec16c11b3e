// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** Two rows, from 0, that may name one place, and how sure that is; a score of NaN is no link. */
public record Link(long a, long b, float score) {}
