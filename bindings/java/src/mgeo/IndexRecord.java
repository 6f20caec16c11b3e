// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** An address as a table holds it; its id is not empty, and unlike all others in its index. */
public record IndexRecord(String id, String text) {}
