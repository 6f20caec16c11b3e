/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the index share: made-up addresses, an index of them, and what it answers. */
#define _GNU_SOURCE
#include "index_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- addresses ------------------------------------------------------------------------------- */

uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void make_text(char *text, uint32_t *seed) {
    static const char *const places[] = {
        "上海市浦东新区", "浙江省杭州市余杭区", "余杭区", "浦东", "北京市海淀区", "", "杭州市"};
    static const char *const roads[] = {"张江路",   "文一西路", "中关村大街",
                                        "世纪大道", "丰潭路",   "永昌街"};
    static const char *const names[] = {"", "", "万科广场", "阳光小区", "科技园", "第一小学"};
    const char *place = places[next_random(seed) % 7], *road = roads[next_random(seed) % 6];
    const char *name = names[next_random(seed) % 6];
    const unsigned house = next_random(seed) % 60 + 1, room = next_random(seed) % 20 + 101;
    if (next_random(seed) % 2 == 0) {
        snprintf(text, ADDRESS_BYTES, "%s%s%u号%s", place, road, house, name);
    } else {
        snprintf(text, ADDRESS_BYTES, "%s%s%u号%s%u室", place, road, house, name, room);
    }
}

addresses make_addresses(size_t count, size_t first, uint32_t seed) {
    addresses made = {.count = count,
                      .ids = calloc(count + 1, sizeof *made.ids),
                      .texts = calloc(count + 1, sizeof *made.texts),
                      .records = calloc(count + 1, sizeof *made.records)};
    assert_true(made.ids != NULL && made.texts != NULL && made.records != NULL);
    for (size_t i = 0; i < count; i++) {
        snprintf(made.ids[i], sizeof made.ids[i], "r%zu", first + i);
        make_text(made.texts[i], &seed);
        made.records[i] =
            (mgeo_record){made.ids[i], MGEO_NUL_TERMINATED, made.texts[i], strlen(made.texts[i])};
    }
    return made;
}

void free_addresses(addresses *made) {
    free(made->ids);
    free(made->texts);
    free(made->records);
}

/* ---- indexes --------------------------------------------------------------------------------- */

static void require(mgeo_status status, const mgeo_error *error) {
    if (status != MGEO_OK) fail_msg("%s", error->message);
}

mgeo_index *create_index(const mgeo_index_options *options) {
    const mgeo_index_options usual = {.struct_size = sizeof usual, .threads = 1};
    mgeo_index *index = NULL;
    mgeo_error error;
    require(mgi_index_create(options == NULL ? &usual : options, &index, &error), &error);
    return index;
}

void put_all(mgeo_index *index, const addresses *made) {
    mgeo_error error;
    require(mgi_index_put(index, made->records, made->count, &error), &error);
}

mgeo_index *create_filled(const addresses *made) {
    mgeo_index *index = create_index(NULL);
    put_all(index, made);
    return index;
}

void put_one(mgeo_index *index, const char *id, const char *text) {
    const mgeo_record record = {id, MGEO_NUL_TERMINATED, text, MGEO_NUL_TERMINATED};
    mgeo_error error;
    require(mgi_index_put(index, &record, 1, &error), &error);
}

uint64_t remove_one(mgeo_index *index, const char *id) {
    const mgeo_record record = {.id = id, .id_len = MGEO_NUL_TERMINATED};
    uint64_t removed = 99;
    mgeo_error error;
    require(mgi_index_remove(index, &record, 1, &removed, &error), &error);
    return removed;
}

void save_index(mgeo_index *index, const char *path) {
    mgeo_error error;
    require(mgi_index_save(index, path, &error), &error);
}

mgeo_index *open_index(const char *path) {
    const mgeo_index_options options = {.struct_size = sizeof options, .threads = 1};
    mgeo_index *index = NULL;
    mgeo_error error;
    require(mgi_index_open(path, &options, &index, &error), &error);
    return index;
}

mgeo_index_info info_of(mgeo_index *index) {
    mgeo_index_info info = {.struct_size = sizeof info};
    mgi_index_info(index, &info);
    return info;
}

/* ---- answers --------------------------------------------------------------------------------- */

mgeo_search_options full_search(uint32_t top) {
    return (mgeo_search_options){
        .struct_size = sizeof(mgeo_search_options), .top = top, .threads = 1, .effort = 1000000};
}

mgeo_candidates *search_one(mgeo_index *index, const char *text,
                            const mgeo_search_options *options) {
    const mgeo_text query = {text, MGEO_NUL_TERMINATED};
    mgeo_candidates *candidates = NULL;
    mgeo_error error;
    require(mgi_candidates_search(index, &query, 1, options, &candidates, &error), &error);
    return candidates;
}

const char *find_ids(mgeo_index *index, const char *text, uint32_t top, char *ids, size_t bytes) {
    const mgeo_search_options options = full_search(top);
    mgeo_candidates *candidates = search_one(index, text, &options);
    size_t count, used = 0;
    const mgeo_candidate *found = mgi_candidates_of(candidates, 0, &count);
    ids[0] = '\0';
    for (size_t i = 0; i < count && used < bytes; i++) {
        used += (size_t)snprintf(ids + used, bytes - used, "%s ", found[i].id);
    }
    mgi_candidates_destroy(candidates);
    return ids;
}

static void check_same_candidate(const mgeo_candidate *a, const mgeo_candidate *b) {
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->text, b->text);
    assert_memory_equal(&a->score, &b->score, sizeof a->score);
    assert_int_equal(a->flags, b->flags);
}

void check_same_answers(mgeo_index *a, mgeo_index *b, const addresses *queries) {
    const mgeo_search_options options = full_search(10);
    for (size_t i = 0; i < queries->count; i++) {
        mgeo_candidates *left = search_one(a, queries->texts[i], &options);
        mgeo_candidates *right = search_one(b, queries->texts[i], &options);
        size_t left_count, right_count;
        const mgeo_candidate *x = mgi_candidates_of(left, 0, &left_count);
        const mgeo_candidate *y = mgi_candidates_of(right, 0, &right_count);
        assert_int_equal(left_count, right_count);
        for (size_t k = 0; k < left_count; k++) check_same_candidate(&x[k], &y[k]);
        mgi_candidates_destroy(left);
        mgi_candidates_destroy(right);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static char folder[64];

void make_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/mgeo-index-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

const char *in_folder(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void remove_folder(void) {
    DIR *listed = opendir(folder);
    assert_non_null(listed);
    for (struct dirent *entry; (entry = readdir(listed)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    closedir(listed);
    assert_int_equal(rmdir(folder), 0);
}

char *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *all = aligned_alloc(64, (*bytes + 64) / 64 * 64);
    assert_non_null(all);
    assert_int_equal(fread(all, 1, *bytes, file), *bytes);
    fclose(file);
    return all;
}

void write_file(const char *path, const char *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

void check_same_files(const char *a, const char *b) {
    size_t a_bytes, b_bytes;
    char *x = read_file(a, &a_bytes), *y = read_file(b, &b_bytes);
    assert_int_equal(a_bytes, b_bytes);
    assert_true(memcmp(x, y, a_bytes) == 0);
    free(x);
    free(y);
}
