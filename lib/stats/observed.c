/* placeholder until observed.c is written */
#include "stats/observed.h"
void mgi_observed_since(mgi_observed *d, const mgi_observed *n, const mgi_observed *b) { (void)n; (void)b; *d = (mgi_observed){0}; }
uint64_t mgi_observed_failed(const mgi_observed *o) { (void)o; return 0; }
double mgi_stability_index(const uint64_t *e, const uint64_t *a) { (void)e; (void)a; return 0; }
unsigned mgi_similarity_bin(float s) { (void)s; return 0; }
