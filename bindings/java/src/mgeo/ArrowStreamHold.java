// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a stream of scores holds until it is released: its engine, its job, its progress block. */
final class ArrowStreamHold {
    /** Kept reachable, so that it is not freed under the stream. */
    @SuppressWarnings("unused")
    private final Engine engine;
    private final Lifetime ofEngine;
    private final Lifetime ofJob;
    private final ArrowOptions options;
    private final ByteBuffer block = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());

    ArrowStreamHold(Engine engine, Lifetime ofEngine, ArrowOptions options) {
        this.engine = engine;
        this.ofEngine = ofEngine;
        this.options = options;
        ofJob = options.job() == null ? null : options.job().lifetime();
        ofEngine.enter();
        try {
            if (ofJob != null) {
                ofJob.enter();
            }
        } catch (MgeoException closed) {
            ofEngine.exit();
            throw closed;
        }
        if (options.cancellation() != null) {
            options.cancellation().attach(progress());
        }
    }

    ArrowOptions options() {
        return options;
    }

    long progress() {
        return Native.address(block);
    }

    void released() {
        if (options.cancellation() != null) {
            options.cancellation().detach(progress());
        }
        if (ofJob != null) {
            ofJob.exit();
        }
        ofEngine.exit();
    }
}
