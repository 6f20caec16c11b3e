// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** A call that failed. The message is one line: what went wrong, where, and what to do. */
public class MgeoException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final Status status;

    MgeoException(Status status, String message) {
        super(message);
        this.status = status;
    }

    /** The kind of failure: {@code Status.IO}, say. */
    public Status status() {
        return status;
    }

    static MgeoException argument(String message) {
        return new MgeoException(Status.ARGUMENT, message);
    }
}
