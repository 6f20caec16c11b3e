/* placeholder until solo.c is written */
#include "run/solo.h"
mgeo_status mgi_solo_create(mgi_runner *r, mgi_solo **s, mgeo_error *e) { (void)r; (void)s; return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder"); }
void mgi_solo_destroy(mgi_solo *s) { (void)s; }
mgeo_status mgi_solo_score(mgi_solo *s, const mgeo_pair *p, size_t c, mgeo_scores *o, mgeo_error *e) { (void)s; (void)p; (void)c; (void)o; return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder"); }
double mgi_solo_seconds(const mgi_solo *s) { (void)s; return 0; }
