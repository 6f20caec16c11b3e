/* placeholder until gate.c is written */
#include "engine/gate.h"
mgeo_status mgi_gate_check(const mgeo_gate *g, mgeo_error *e) {
    (void)g;
    (void)e;
    return MGEO_OK;
}
mgeo_status mgi_gate_run(const mgi_resident *l, const mgi_resident *s, const mgeo_gate *g,
                         mgeo_check *c, uint32_t *n, mgeo_error *e) {
    (void)l;
    (void)s;
    (void)g;
    (void)c;
    (void)n;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
