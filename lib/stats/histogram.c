/* placeholder until histogram.c is written */
#include "stats/histogram.h"
unsigned mgi_histogram_bucket(uint64_t n) { (void)n; return 0; }
uint64_t mgi_histogram_from(unsigned b) { (void)b; return 0; }
uint64_t mgi_histogram_count(const mgi_histogram *h) { (void)h; return 0; }
double mgi_histogram_quantile(const mgi_histogram *h, double q) { (void)h; (void)q; return 0; }
