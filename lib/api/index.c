/* SPDX-License-Identifier: Apache-2.0 */
/* The index, as the public functions see it. */
#include "match/index/index.h"

#include "api/check.h"
#include "core/utf8.h"
#include "match/index/candidates.h"

#include <math.h>
#include <string.h>

enum { USUAL_TOP = 20, USUAL_EFFORT = 100 };

/* ---- arguments ------------------------------------------------------------------------------- */

static mgeo_status check_index(const mgeo_index *index, mgeo_error *error) {
    return index == NULL ? mgi_fail(error, MGEO_E_ARGUMENT, "index is NULL") : MGEO_OK;
}

static mgeo_status check_path(const char *path, mgeo_error *error) {
    if (path == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "path is NULL");
    if (path[0] == '\0') return mgi_fail(error, MGEO_E_ARGUMENT, "path is empty");
    return MGEO_OK;
}

static mgeo_status check_threads(uint32_t threads, const char *type, mgeo_error *error) {
    if (threads <= MGEO_MAX_THREADS) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s.threads is %u: at most %d", type, threads,
                    MGEO_MAX_THREADS);
}

/* No object is larger than PTRDIFF_MAX: a length beyond it is a negative number. */
static mgeo_status check_text(const char *text, size_t length, const char *array, size_t index,
                              const char *name, mgeo_error *error) {
    if (text == NULL && length != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "%s[%zu].%s is NULL and its length is not 0", array,
                        index, name);
    }
    if (length <= PTRDIFF_MAX || length == MGEO_NUL_TERMINATED) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s[%zu].%s_len is %zu: no text is that long", array,
                    index, name, length);
}

static mgeo_status check_utf8(const mgeo_record *record, size_t index, mgeo_error *error) {
    const unsigned char *at = (const unsigned char *)record->id;
    const unsigned char *end =
        at + (record->id_len == MGEO_NUL_TERMINATED ? strlen(record->id) : record->id_len);
    if ((size_t)(end - at) > UINT32_MAX / 2) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "records[%zu].id is of more than 2 GiB", index);
    }
    while (at < end) {
        int32_t code_point;
        const size_t step = mgi_utf8_decode(at, end, &code_point);
        if (step == 0) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "records[%zu].id is not UTF-8", index);
        }
        at += step;
    }
    return MGEO_OK;
}

static mgeo_status check_id(const mgeo_record *record, size_t index, mgeo_error *error) {
    mgeo_status status = check_text(record->id, record->id_len, "records", index, "id", error);
    if (status != MGEO_OK) return status;
    if (record->id_len == 0 || (record->id_len == MGEO_NUL_TERMINATED && record->id[0] == '\0')) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "records[%zu].id is empty", index);
    }
    return check_utf8(record, index, error);
}

static mgeo_status check_records(const mgeo_record *records, size_t count, bool texts,
                                 mgeo_error *error) {
    if (count > 0 && records == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "records is NULL");
    mgeo_status status = mgi_check_array(count, sizeof *records, "records", error);
    for (size_t i = 0; i < count && status == MGEO_OK; i++) {
        status = check_id(&records[i], i, error);
        if (status == MGEO_OK && texts) {
            status = check_text(records[i].text, records[i].text_len, "records", i, "text", error);
        }
    }
    return status;
}

static mgeo_status check_queries(const mgeo_text *queries, size_t count, mgeo_error *error) {
    if (count > 0 && queries == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "queries is NULL");
    mgeo_status status = mgi_check_array(count, sizeof *queries, "queries", error);
    for (size_t i = 0; i < count && status == MGEO_OK; i++) {
        status = check_text(queries[i].text, queries[i].text_len, "queries", i, "text", error);
    }
    return status;
}

static mgeo_status read_options(mgeo_index_options *known, const mgeo_index_options *options,
                                mgeo_error *error) {
    mgeo_status status = mgi_abi_read(known, sizeof *known, options, "mgeo_index_options", error);
    if (status != MGEO_OK) return status;
    if (known->reserved != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_index_options.reserved is not 0");
    }
    return check_threads(known->threads, "mgeo_index_options", error);
}

static mgeo_status read_search_options(mgeo_search_options *known,
                                       const mgeo_search_options *options, mgeo_error *error) {
    mgeo_status status = mgi_abi_read(known, sizeof *known, options, "mgeo_search_options", error);
    if (status == MGEO_OK) status = check_threads(known->threads, "mgeo_search_options", error);
    if (status != MGEO_OK) return status;
    if (known->top > MGEO_MAX_CANDIDATES) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_search_options.top is %u: at most %d",
                        known->top, MGEO_MAX_CANDIDATES);
    }
    if (!isfinite(known->least)) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_search_options.least is not a number");
    }
    if (known->top == 0) known->top = USUAL_TOP;
    if (known->threads == 0) known->threads = 1;
    if (known->effort == 0) known->effort = USUAL_EFFORT;
    return MGEO_OK;
}

/* ---- the index ------------------------------------------------------------------------------- */

mgeo_status mgeo_index_create(const mgeo_index_options *options, mgeo_index **index,
                              mgeo_error *error) {
    mgeo_index_options known;
    if (index == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "index is NULL");
    *index = NULL;
    mgeo_status status = read_options(&known, options, error);
    if (status == MGEO_OK) status = mgi_index_create(&known, index, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_open(const char *path, const mgeo_index_options *options, mgeo_index **index,
                            mgeo_error *error) {
    mgeo_index_options known;
    if (index == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "index is NULL");
    *index = NULL;
    mgeo_status status = check_path(path, error);
    if (status == MGEO_OK) status = read_options(&known, options, error);
    if (status == MGEO_OK) status = mgi_index_open(path, &known, index, error);
    return mgi_check_conclude(status, error);
}

void mgeo_index_destroy(mgeo_index *index) { mgi_index_destroy(index); }

mgeo_status mgeo_index_put(mgeo_index *index, const mgeo_record *records, size_t count,
                           mgeo_error *error) {
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = check_records(records, count, true, error);
    if (status == MGEO_OK) status = mgi_index_put(index, records, count, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_remove(mgeo_index *index, const mgeo_record *records, size_t count,
                              uint64_t *removed, mgeo_error *error) {
    uint64_t known = 0;
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = check_records(records, count, false, error);
    if (status == MGEO_OK) status = mgi_index_remove(index, records, count, &known, error);
    if (status == MGEO_OK && removed != NULL) *removed = known;
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_compact(mgeo_index *index, mgeo_error *error) {
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = mgi_index_compact(index, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_save(mgeo_index *index, const char *path, mgeo_error *error) {
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = check_path(path, error);
    if (status == MGEO_OK) status = mgi_index_save(index, path, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_swap(mgeo_index *index, const char *path, mgeo_error *error) {
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = check_path(path, error);
    if (status == MGEO_OK) status = mgi_index_swap(index, path, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_roll_back(mgeo_index *index, mgeo_error *error) {
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = mgi_index_roll_back(index, error);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_get_info(mgeo_index *index, mgeo_index_info *info, mgeo_error *error) {
    mgeo_index_info known = {.struct_size = sizeof known};
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = mgi_check_output(info, "info", "mgeo_index_info", error);
    if (status == MGEO_OK) {
        mgi_index_info(index, &known);
        status = mgi_abi_write(info, &known, sizeof known, "mgeo_index_info", error);
    }
    return mgi_check_conclude(status, error);
}

/* ---- candidates ------------------------------------------------------------------------------ */

mgeo_status mgeo_index_search(mgeo_index *index, const mgeo_text *queries, size_t count,
                              const mgeo_search_options *options, mgeo_candidates **candidates,
                              mgeo_error *error) {
    mgeo_search_options known;
    if (candidates == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "candidates is NULL");
    *candidates = NULL;
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK) status = check_queries(queries, count, error);
    if (status == MGEO_OK) status = read_search_options(&known, options, error);
    if (status == MGEO_OK) {
        status = mgi_candidates_search(index, queries, count, &known, candidates, error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_index_search_rows(mgeo_index *index, uint64_t first, size_t count, int32_t later,
                                   uint64_t *generation, const mgeo_search_options *options,
                                   mgeo_candidates **candidates, mgeo_error *error) {
    mgeo_search_options known;
    if (candidates == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "candidates is NULL");
    *candidates = NULL;
    mgeo_status status = check_index(index, error);
    if (status == MGEO_OK && generation == NULL) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "generation is NULL");
    }
    if (status == MGEO_OK) status = mgi_check_switch((uint32_t)later, "later", error);
    if (status == MGEO_OK) status = read_search_options(&known, options, error);
    if (status == MGEO_OK) {
        status = mgi_candidates_search_rows(index, first, count, later == 1, generation, &known,
                                            candidates, error);
    }
    return mgi_check_conclude(status, error);
}

const mgeo_candidate *mgeo_candidates_of(const mgeo_candidates *candidates, size_t query,
                                         size_t *count) {
    size_t ignored;
    return mgi_candidates_of(candidates, query, count == NULL ? &ignored : count);
}

void mgeo_candidates_destroy(mgeo_candidates *candidates) { mgi_candidates_destroy(candidates); }
