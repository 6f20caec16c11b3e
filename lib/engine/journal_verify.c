/* placeholder until journal_verify.c is written */
#include "engine/journal.h"
mgeo_status mgi_journal_verify(const char *p, mgeo_journal_report *r, mgeo_error *e) {
    (void)p;
    (void)r;
    return mgi_fail(e, MGEO_E_UNSUPPORTED, "placeholder");
}
