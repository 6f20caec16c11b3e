/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match index, add and remove: index files are made and changed, each in one step. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/file_use.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "match/commands.h"
#include "match/reference/index_file.h"
#include "match/reference/records.h"
#include "scoring/files.h"
#include "table/reader.h"

/* ---- what they share ------------------------------------------------------------------------- */

/* Tables may not be the index, nor the list of errors one of them. */
static bool check_files(const struct options *options, const char *const *tables, size_t count,
                        const char *index, struct error *error) {
    struct file_uses uses = {0};
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        done = files_check_input(tables[i], error);
        if (done) files_add_input(tables[i], &uses);
    }
    file_use_add(&uses, "the index", FILE_USE_WRITTEN, index);
    file_use_add(&uses, "--errors", FILE_USE_WRITTEN, options->errors);
    done = done && file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
}

static struct progress *start_progress(const struct options *options) {
    struct progress *progress =
        progress_start(options->progress, options->quiet, interrupt_progress(INTERRUPT_LOADING));
    progress_watch(progress, index_file_stages);
    return progress;
}

static bool read_tables(const struct options *options, const char *const *paths, size_t count,
                        const char *id_option, struct records *records, struct error *error) {
    struct progress *progress = start_progress(options);
    struct records_wish wish = {.options = options,
                                .table = &options->table,
                                .id_option = id_option,
                                .errors = options->errors,
                                .progress = progress};
    bool done = records_read(records, paths, count, &wish, error);
    progress_end(progress);
    return done;
}

static bool put(const struct options *options, mgeo_index *index, const struct records *records,
                struct error *error) {
    struct progress *progress = start_progress(options);
    bool done = index_file_put(index, records, error);
    progress_end(progress);
    return done;
}

/* Rows read, of which how many are new; the others took the place of one with their id. */
static void say_put(const struct options *options, const struct records *records, uint64_t before,
                    uint64_t after, const char *path) {
    if (options->quiet) return;
    uint64_t replaced = records->count - (after - before);
    message_print("%s: %" PRIu64 " rows%s", path, after,
                  records->rows_read == 0 ? "; there was none in the input" : "");
    index_file_say_replaced(path, replaced, options->quiet);
}

static int status_of(const struct records *records) {
    return records->bad > 0 ? MATCH_BAD_ROWS : MATCH_DONE;
}

/* ---- index ----------------------------------------------------------------------------------- */

static bool make_index(const struct options *options, struct records *records, mgeo_index **index,
                       int *held, struct error *error) {
    mgeo_index_info info;
    if (!check_files(options, options->operands, options->operand_count, options->output, error) ||
        !index_file_hold(options->output, held, error) ||
        !read_tables(options, options->operands, options->operand_count, "--id", records, error)) {
        return false;
    }
    index_file_say_memory(records, options->operands[0], options->quiet);
    if (!index_file_create(options->model.threads, index, error) ||
        !put(options, *index, records, error) || !index_file_info(*index, &info, error) ||
        !index_file_save(*index, options->output, error)) {
        return false;
    }
    say_put(options, records, 0, info.records, options->output);
    return true;
}

int command_index(const struct options *options) {
    struct records records = {0};
    mgeo_index *index = NULL;
    int held = -1;
    struct error error = {""};
    bool done = options->output != NULL
                    ? make_index(options, &records, &index, &held, &error)
                    : error_set(&error, "index: name the index file: --output FILE");
    int status = status_of(&records);
    if (!done) status = commands_failed(options, &error, "; the index file was not written");
    mgeo_index_destroy(index);
    index_file_let_go(held);
    records_finish(&records);
    return status;
}

/* ---- add ------------------------------------------------------------------------------------- */

static bool add_rows(const struct options *options, struct records *records, mgeo_index **index,
                     int *held, struct error *error) {
    const char *path = options->operands[0];
    mgeo_index_info before, after;
    if (options->table.gold == NULL) {
        return error_set(error, "add: name the column of the ids: --id COLUMN; the rows' numbers "
                                "would take the places of other rows");
    }
    if (!check_files(options, options->operands + 1, options->operand_count - 1, path, error) ||
        !index_file_hold(path, held, error) ||
        !index_file_open(path, options->model.threads, index, error) ||
        !index_file_info(*index, &before, error) ||
        !read_tables(options, options->operands + 1, options->operand_count - 1, NULL, records,
                     error)) {
        return false;
    }
    if (!put(options, *index, records, error) || !index_file_info(*index, &after, error) ||
        !index_file_save(*index, path, error)) {
        return false;
    }
    say_put(options, records, before.records, after.records, path);
    return true;
}

int command_add(const struct options *options) {
    struct records records = {0};
    mgeo_index *index = NULL;
    int held = -1;
    struct error error = {""};
    bool done = add_rows(options, &records, &index, &held, &error);
    int status = status_of(&records);
    if (!done) status = commands_failed(options, &error, "; the index file is as it was");
    mgeo_index_destroy(index);
    index_file_let_go(held);
    records_finish(&records);
    return status;
}

/* ---- remove ---------------------------------------------------------------------------------- */

/* The ids of the command line, and of --from: there they are the texts. */
static bool collect_ids(const struct options *options, struct records *ids, struct error *error) {
    struct options asked = *options;
    if (options->from != NULL) {
        if (asked.table.a == NULL) asked.table.a = "1";
        if (asked.table.null_words == NULL) asked.table.null_words = "";
        if (!read_tables(&asked, &options->from, 1, NULL, ids, error)) return false;
    }
    for (size_t i = 1; i < options->operand_count; i++) {
        const char *id = options->operands[i];
        records_add(ids, "", 0, id, strlen(id));
    }
    return ids->count > 0 || options->from != NULL ||
           error_set(error, "remove: give ids, or --from FILE");
}

static bool remove_rows(const struct options *options, struct records *ids, mgeo_index **index,
                        int *held, struct error *error) {
    const char *path = options->operands[0];
    mgeo_error cause;
    mgeo_index_info info;
    uint64_t removed = 0;
    if (!check_files(options, &options->from, options->from != NULL, path, error) ||
        !collect_ids(options, ids, error) || !index_file_hold(path, held, error) ||
        !index_file_open(path, options->model.threads, index, error)) {
        return false;
    }
    mgeo_record *list = records_list(ids);
    for (size_t i = 0; i < ids->count; i++) {
        list[i].id = list[i].text;
        list[i].id_len = list[i].text_len;
    }
    mgeo_status status = mgeo_index_remove(*index, list, ids->count, &removed, &cause);
    free(list);
    if (status != MGEO_OK) return index_file_failed(status, &cause, path, error);
    if (!index_file_info(*index, &info, error) || !index_file_save(*index, path, error)) {
        return false;
    }
    if (!options->quiet) {
        message_print("%s: %" PRIu64 " rows; removed: %" PRIu64 " of %zu ids", path, info.records,
                      removed, ids->count);
    }
    return true;
}

int command_remove(const struct options *options) {
    struct records ids = {0};
    mgeo_index *index = NULL;
    int held = -1;
    struct error error = {""};
    bool done = remove_rows(options, &ids, &index, &held, &error);
    int status = status_of(&ids);
    if (!done) status = commands_failed(options, &error, "; the index file is as it was");
    mgeo_index_destroy(index);
    index_file_let_go(held);
    records_finish(&ids);
    return status;
}
