/* placeholder until watch.c is written */
#include "engine/watch.h"
#include "core/alloc.h"
#include "engine/engine.h"
struct mgi_watcher {
    int x;
};
mgi_watcher *mgi_watcher_create(mgeo_engine *e) {
    (void)e;
    return mgi_calloc(1, sizeof(mgi_watcher));
}
void mgi_watcher_destroy(mgi_watcher *w) { mgi_free(w); }
mgeo_status mgi_watch_check(const mgeo_watch *w, const char *s, mgeo_error *e) {
    (void)w;
    (void)s;
    (void)e;
    return MGEO_OK;
}
mgeo_status mgi_watcher_prepare(mgi_watcher *w, mgeo_error *e) {
    (void)w;
    (void)e;
    return MGEO_OK;
}
void mgi_watcher_begin(mgi_watcher *w, const mgeo_watch *o, int32_t s, uint64_t r) {
    (void)w;
    (void)o;
    (void)s;
    (void)r;
}
void mgi_watcher_end(mgi_watcher *w) { (void)w; }
void mgi_watcher_report(mgi_watcher *w, mgeo_watch_report *r) {
    (void)w;
    (void)r;
}
void mgi_engine_watch_report(mgeo_engine *e, mgeo_watch_report *r) {
    (void)e;
    (void)r;
}
