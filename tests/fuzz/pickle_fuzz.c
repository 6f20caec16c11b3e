/* SPDX-License-Identifier: Apache-2.0 */
/* A pickle as a state dict holds it, which is read and never run. */
#include "library.h"
#include "model/formats/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mgi_pickle pickle;
    mgeo_error error = {0};
    mgeo_status status = mgi_pickle_read(&pickle, data, size, "pickle", &error);
    fuzz_check_error(status, &error);
    FUZZ_REQUIRE(status != MGEO_OK || pickle.root < pickle.count, "a root that is not there");
    mgi_pickle_finish(&pickle);
    return 0;
}
