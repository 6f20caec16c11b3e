// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** Two addresses to compare. */
public record Pair(String a, String b) {}
