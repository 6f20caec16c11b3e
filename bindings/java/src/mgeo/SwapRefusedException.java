// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** A swap that its gate or its expected generation refused; the receipt tells what was measured. */
public final class SwapRefusedException extends MgeoException {
    private static final long serialVersionUID = 1L;
    private final transient SwapReceipt receipt;

    SwapRefusedException(String message, SwapReceipt receipt) {
        super(Status.REFUSED, message);
        this.receipt = receipt;
    }

    public SwapReceipt receipt() {
        return receipt;
    }
}
