/* placeholder until journal.c is written */
#include "engine/journal.h"
mgi_record *mgi_record_create(const char *e, const char *a, const char *r) {
    (void)e;
    (void)a;
    (void)r;
    return NULL;
}
void mgi_record_destroy(mgi_record *r) { (void)r; }
void mgi_record_text(mgi_record *r, const char *k, const char *v) {
    (void)r;
    (void)k;
    (void)v;
}
void mgi_record_integer(mgi_record *r, const char *k, uint64_t v) {
    (void)r;
    (void)k;
    (void)v;
}
void mgi_record_number(mgi_record *r, const char *k, double v) {
    (void)r;
    (void)k;
    (void)v;
}
void mgi_record_model(mgi_record *r, const char *k, const mgeo_model_info *i) {
    (void)r;
    (void)k;
    (void)i;
}
void mgi_record_checks(mgi_record *r, const char *k, const mgeo_check *c, uint32_t n) {
    (void)r;
    (void)k;
    (void)c;
    (void)n;
}
mgeo_status mgi_journal_open(const char *p, const char *a, mgi_journal **j, mgeo_error *e) {
    (void)p;
    (void)a;
    (void)j;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
void mgi_journal_close(mgi_journal *j) { (void)j; }
uint64_t mgi_journal_ticket(mgi_journal *j) {
    (void)j;
    return 0;
}
mgeo_status mgi_journal_append(mgi_journal *j, uint64_t t, mgi_record *r, mgi_journal_mark *m,
                               mgeo_error *e) {
    (void)j;
    (void)t;
    (void)r;
    (void)e;
    *m = (mgi_journal_mark){0};
    return MGEO_OK;
}
mgeo_status mgi_journal_verify(const char *p, mgeo_journal_report *r, mgeo_error *e) {
    (void)p;
    (void)r;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
