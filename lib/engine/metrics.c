/* placeholder until metrics.c is written */
#include "engine/engine.h"
mgeo_status mgi_engine_metrics(mgeo_engine *g, int32_t f, char *t, size_t c, size_t *l,
                               mgeo_error *e) {
    (void)g;
    (void)f;
    (void)t;
    (void)c;
    (void)l;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
