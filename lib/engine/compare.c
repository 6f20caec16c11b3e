/* placeholder until compare.c is written */
#include "engine/compare.h"
mgeo_status mgi_compare_residents(const mgi_resident *l, const mgi_resident *s,
                                  const mgeo_compare_options *o, mgeo_compare_report *r,
                                  mgeo_error *e) {
    (void)l;
    (void)s;
    (void)o;
    (void)r;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
mgeo_status mgi_engine_compare(mgeo_engine *g, const mgeo_compare_options *o,
                               mgeo_compare_report *r, mgeo_error *e) {
    (void)g;
    (void)o;
    (void)r;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
