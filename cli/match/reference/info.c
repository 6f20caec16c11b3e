/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match info: opening an index file checks all of it; then it says what is in it. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/files/standard_streams.h"
#include "common/json_writer.h"
#include "match/commands.h"
#include "match/reference/index_file.h"

static void put_json(const mgeo_index_info *info, const char *path, uint64_t bytes,
                     struct string_buffer *text) {
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "file", path);
    json_writer_integer(&json, "rows", info->records);
    json_writer_integer(&json, "removed", info->removed);
    json_writer_integer(&json, "terms", info->terms);
    json_writer_integer(&json, "segments", info->segments);
    json_writer_integer(&json, "bytes", bytes);
    json_writer_integer(&json, "bytes_mapped", info->bytes_mapped);
    json_writer_integer(&json, "bytes_memory", info->bytes_memory);
    json_writer_close(&json, '}');
    string_buffer_put(&json.text, "\n");
    *text = json.text;
}

static void put_lines(const mgeo_index_info *info, const char *path, uint64_t bytes,
                      struct string_buffer *text) {
    char size[32], memory[32];
    index_file_print_bytes(bytes, size, sizeof size);
    index_file_print_bytes(info->bytes_memory, memory, sizeof memory);
    string_buffer_put(text, "file      ");
    string_buffer_shown(text, path, strlen(path));
    string_buffer_format(text,
                         "\nrows      %" PRIu64 "\nterms     %" PRIu64 "\nsize      %s"
                         "\nmemory    %s, beside what is mapped\n",
                         info->records, info->terms, size, memory);
}

int command_info(const struct options *options) {
    const char *path = options->operands[0];
    struct error error = {""};
    struct string_buffer text = {0};
    struct stat about = {0};
    mgeo_index_info info;
    mgeo_index *index = NULL;
    bool done = index_file_open(path, options->model.threads, &index, &error) &&
                index_file_info(index, &info, &error);
    int status = MATCH_DONE;
    if (done) {
        uint64_t bytes = stat(path, &about) == 0 ? (uint64_t)about.st_size : info.bytes_mapped;
        (options->json ? put_json : put_lines)(&info, path, bytes, &text);
        done = standard_streams_print(text.bytes, text.length, &error);
    }
    if (!done) status = commands_failed(options, &error, "");
    string_buffer_finish(&text);
    mgeo_index_destroy(index);
    return status;
}
