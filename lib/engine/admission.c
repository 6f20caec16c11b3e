/* placeholder until admission.c is written */
#include "engine/engine.h"
mgeo_status mgi_predict_memory(const char *p, const mgeo_load_options *o, mgeo_memory *m,
                               mgeo_error *e) {
    (void)p;
    (void)o;
    (void)m;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
