/* placeholder until shadow.c is written */
#include "engine/shadow.h"
#include "core/alloc.h"
#include "engine/engine.h"
struct mgi_shadow {
    int x;
};
mgi_shadow *mgi_shadow_create(mgeo_engine *e) {
    (void)e;
    return mgi_calloc(1, sizeof(mgi_shadow));
}
void mgi_shadow_destroy(mgi_shadow *s) { mgi_free(s); }
void mgi_shadow_end(mgi_shadow *s) { (void)s; }
void mgi_shadow_before(mgi_shadow *s, size_t c, mgeo_scores *o, mgi_shadowed *d) {
    (void)s;
    (void)c;
    (void)o;
    *d = (mgi_shadowed){0};
}
void mgi_shadow_after(mgi_shadow *s, mgi_shadowed *d, const mgeo_pair *p, size_t c, mgeo_scores *o,
                      mgeo_status t) {
    (void)s;
    (void)d;
    (void)p;
    (void)c;
    (void)o;
    (void)t;
}
uint32_t mgi_shadow_share(const mgi_shadow *s) {
    (void)s;
    return 0;
}
mgeo_status mgi_engine_set_shadow(mgeo_engine *e, uint32_t s, const mgeo_shadow_options *o,
                                  mgeo_error *r) {
    (void)e;
    (void)s;
    (void)o;
    return mgi_fail(r, MGEO_E_UNSUPPORTED, "placeholder");
}
void mgi_engine_shadow_report(mgeo_engine *e, mgeo_shadow_report *r) {
    (void)e;
    (void)r;
}
mgeo_status mgi_engine_shadow_pair(mgeo_engine *e, uint32_t k, mgeo_shift *s, char *a, size_t ac,
                                   char *b, size_t bc, mgeo_error *r) {
    (void)e;
    (void)k;
    (void)s;
    (void)a;
    (void)ac;
    (void)b;
    (void)bc;
    return mgi_fail(r, MGEO_E_UNSUPPORTED, "placeholder");
}
