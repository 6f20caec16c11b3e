/* The suite on the fake backend, so that what is tested on it is tested on a backend that holds. */
#include "conformance.h"

int main(void) {
    static const conformance_case fake = {"fake", &mgi_fake_backend, "fake", MGEO_FP32, 0, false};
    return conformance_run(&fake) != 0;
}
