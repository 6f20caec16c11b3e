/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on the fake backend, so that what is tested on it is tested on a backend that holds. */
#include "conformance.h"

int main(void) {
    static const conformance_case fake = {
        .name = "fake", .backend = &mgi_fake_backend, .device = "fake", .precision = MGEO_FP32};
    return conformance_run(&fake) != 0;
}
