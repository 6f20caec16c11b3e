/* SPDX-License-Identifier: Apache-2.0 */
/* Marks and endings of files of columns. */
#include "columnar/formats.h"

#include <stdbool.h>
#include <string.h>

#include "common/parse.h"

const char *const columnar_kinds[] = {[COLUMNAR_NONE] = "text",
                                      [COLUMNAR_PARQUET] = "a Parquet file",
                                      [COLUMNAR_ARROW] = "an Arrow (Feather) file",
                                      [COLUMNAR_ARROWS] = "an Arrow stream",
                                      [COLUMNAR_PARTS] = "parts of a run"};

const char *const columnar_compression_names[] = {[COLUMNAR_COMPRESSION_AUTO] = "auto",
                                                  [COLUMNAR_COMPRESSION_NONE] = "none",
                                                  [COLUMNAR_COMPRESSION_SNAPPY] = "snappy",
                                                  [COLUMNAR_COMPRESSION_ZSTD] = "zstd",
                                                  [COLUMNAR_COMPRESSION_LZ4] = "lz4",
                                                  [COLUMNAR_COMPRESSION_GZIP] = "gzip",
                                                  NULL};

static bool begins(const char *bytes, size_t length, const char *mark, size_t marked) {
    return length >= marked && memcmp(bytes, mark, marked) == 0;
}

/* A stream begins with a mark and the length of its schema, which is in steps of eight. */
static bool is_stream(const char *bytes, size_t length) {
    if (length < 8 || !begins(bytes, length, "\xFF\xFF\xFF\xFF", 4)) return false;
    const unsigned char *size = (const unsigned char *)bytes + 4;
    return size[3] == 0 && (size[0] | size[1] | size[2]) != 0 && size[0] % 8 == 0;
}

/* Text may begin with PAR1 too; a page's header has a NUL or a control soon. */
static bool is_parquet(const char *bytes, size_t length) {
    if (length < 8 || !begins(bytes, length, "PAR1", 4)) return false;
    for (size_t i = 4; i < length && i < 64; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') return true;
    }
    return false;
}

enum columnar_format columnar_by_content(const char *bytes, size_t length) {
    if (begins(bytes, length, "ARROW1\0\0", 8)) return COLUMNAR_ARROW;
    if (is_stream(bytes, length)) return COLUMNAR_ARROWS;
    return is_parquet(bytes, length) ? COLUMNAR_PARQUET : COLUMNAR_NONE;
}

enum columnar_format columnar_by_name(const char *path) {
    static const struct {
        const char *ending;
        enum columnar_format format;
    } known[] = {{".parquet", COLUMNAR_PARQUET}, {".pq", COLUMNAR_PARQUET},
                 {".arrow", COLUMNAR_ARROW},     {".feather", COLUMNAR_ARROW},
                 {".ipc", COLUMNAR_ARROW},       {".arrows", COLUMNAR_ARROWS}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (parse_has_ending(path, known[i].ending)) return known[i].format;
    }
    return COLUMNAR_NONE;
}
