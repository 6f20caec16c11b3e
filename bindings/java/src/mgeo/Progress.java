// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** How far a call is: its stage, and how much of that stage is done. */
public record Progress(Stage stage, long done, long total) {}
