// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** A pair of a shadow call, and how far the two models' answers to it differ. */
public record ShadowPair(Shift shift, String a, String b) {}
