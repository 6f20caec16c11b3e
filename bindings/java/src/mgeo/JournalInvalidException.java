// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** A journal that was cut, edited or damaged; the report tells where. */
public final class JournalInvalidException extends MgeoException {
    private static final long serialVersionUID = 1L;
    private final transient JournalReport report;

    JournalInvalidException(String message, JournalReport report) {
        super(Status.FORMAT, message);
        this.report = report;
    }

    public JournalReport report() {
        return report;
    }
}
