/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged files of columns: whatever bytes they hold, reading them ends, with rows or with a line.
 *
 *     damaged_test [ROUNDS [SEED]]     ROUNDS damaged copies of each file (default: 150) */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "columnar/formats.h"
#include "columnar/open.h"
#include "common/memory.h"
#include "common/random.h"

static const char *const names[] = {"pairs.parquet", "dictionary.parquet", "pairs.arrow",
                                    "views.arrow",   "pairs.arrows",       "large.arrows"};
enum { FILES = sizeof names / sizeof *names };

static unsigned rounds = 150;
static struct random chance = {.state = 18};

struct bytes {
    unsigned char *at;
    size_t length, taken;
};

static size_t below(size_t count) { return random_below(&chance, (unsigned)count); }

static struct bytes load(const char *name) {
    char path[1024];
    struct bytes file = {.at = memory_zeroed(1 << 20, 1)};
    snprintf(path, sizeof path, "%s/%s", getenv("MGEO_COLUMNAR_FILES"), name);
    FILE *from = fopen(path, "rb");
    if (from == NULL) fail_msg("%s is not there", path);
    file.length = fread(file.at, 1, 1 << 20, from);
    fclose(from);
    return file;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int64_t give(void *opaque, void *to, int64_t capacity) {
    struct bytes *from = opaque;
    size_t left = from->length - from->taken;
    size_t take = left < (size_t)capacity ? left : (size_t)capacity;
    memcpy(to, from->at + from->taken, take);
    from->taken += take;
    return (int64_t)take;
}

static bool swallow(void *opaque, const void *bytes, int64_t length) {
    (void)bytes;
    *(int64_t *)opaque += length;
    return true;
}

static size_t length_of_texts(const struct ArrowArray *texts) {
    if (texts->release == NULL) return 0;
    const int64_t *offsets = texts->buffers[1];
    return (size_t)(offsets[texts->offset + texts->length] - offsets[texts->offset]);
}

/* Reads all rows and writes them; -1: refused with a line. */
static int64_t read_rows(const struct columnar_module *module, struct columnar_reader *reader,
                         struct columnar_writer *writer, struct columnar_failure *failure) {
    struct columnar_batch batch;
    int64_t rows = 0;
    int got;
    while ((got = module->reader_next(reader, 5, &batch, failure)) > 0) {
        rows += batch.columns.length;
        for (int i = 0; i < COLUMNAR_TEXTS; i++) {
            rows += length_of_texts(&batch.texts[i]) > SIZE_MAX / 2;
            if (batch.texts[i].release != NULL) batch.texts[i].release(&batch.texts[i]);
        }
        if (writer == NULL) {
            batch.columns.release(&batch.columns);
        } else if (!module->writer_write(writer, &batch.columns, NULL, NULL, failure)) {
            return -1;
        }
    }
    return got < 0 ? -1 : rows;
}

static int64_t read_columns(const struct columnar_module *module, struct columnar_reader *reader,
                            struct ArrowSchema *schema, struct columnar_failure *failure) {
    int64_t written = 0;
    struct columnar_target target = {.write = swallow, .opaque = &written};
    enum columnar_format to = (enum columnar_format)(COLUMNAR_PARQUET + below(3));
    struct columnar_wish wish = {.a = schema->n_children > 3 ? 1 : 0,
                                 .b = schema->n_children > 3 ? 2 : 1,
                                 .gold = schema->n_children > 3 ? 3 : -1,
                                 .json = true};
    struct columnar_writer *writer =
        module->writer_open(to, COLUMNAR_COMPRESSION_AUTO, schema, NULL, &target, failure);
    int64_t rows = -1;
    if (writer != NULL && module->reader_wish(reader, &wish, failure)) {
        rows = read_rows(module, reader, writer, failure);
        if (rows >= 0 && !module->writer_end(writer, failure)) rows = -1;
    }
    module->writer_close(writer);
    return rows;
}

static int64_t read_all(const char *name, struct bytes *file) {
    struct error error;
    const struct columnar_module *module = columnar_open("the test", &error);
    if (module == NULL) fail_msg("%s", error.line);
    struct columnar_failure failure = {""};
    struct ArrowSchema schema;
    struct columnar_source source = {.descriptor = -1, .read = give, .opaque = file};
    enum columnar_format format = columnar_by_name(name);
    if (format != COLUMNAR_ARROWS) {
        source.descriptor = memfd_create(name, MFD_CLOEXEC);
        assert_int_equal(write(source.descriptor, file->at, file->length), file->length);
    }
    int64_t rows = -1;
    file->taken = 0;
    struct columnar_reader *reader = module->reader_open(format, &source, &schema, &failure);
    if (reader != NULL) {
        module->reader_rows(reader, &failure);
        failure.line[0] = '\0';
        rows = read_columns(module, reader, &schema, &failure);
        module->reader_close(reader);
        if (schema.release != NULL) schema.release(&schema);
    }
    if (source.descriptor >= 0) close(source.descriptor);
    if (rows < 0) {
        assert_string_not_equal(failure.line, "");
        assert_null(strpbrk(failure.line, "\n\r\t"));
    }
    return rows;
}

/* ---- damaging -------------------------------------------------------------------------------- */

static void change_bytes(struct bytes *file) {
    static const unsigned char marked[] = {0, 1, 0x7F, 0x80, 0xFF};
    for (size_t i = 1 + below(4); i > 0; i--) {
        unsigned char *byte = &file->at[below(file->length)];
        *byte = below(2) == 0 ? (unsigned char)(*byte ^ (1u << below(8))) : marked[below(5)];
    }
}

static void change_word(struct bytes *file) {
    static const uint32_t words[] = {0, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x10000};
    memcpy(&file->at[below(file->length - 4)], &words[below(5)], sizeof *words);
}

static void take_out(struct bytes *file) {
    size_t at = below(file->length - 64), length = 1 + below(63);
    memmove(file->at + at, file->at + at + length, file->length - at - length);
    file->length -= length;
}

static void damage(struct bytes *file) {
    switch (below(8)) {
    case 0: file->length = below(file->length); break;
    case 1: take_out(file); break;
    case 2: change_word(file); break;
    default: change_bytes(file);
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_sound_files_are_read(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        struct bytes file = load(names[i]);
        assert_int_equal(columnar_by_content((char *)file.at, file.length),
                         columnar_by_name(names[i]));
        assert_int_equal(read_all(names[i], &file), 23);
        free(file.at);
    }
}

static void test_files_cut_short_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        struct bytes file = load(names[i]);
        bool stream = columnar_by_name(names[i]) == COLUMNAR_ARROWS;
        for (size_t length = file.length - 9; length > 200; length -= 97) {
            file.length = length;
            /* A stream may end between two batches. */
            int64_t rows = read_all(names[i], &file);
            assert_true(rows < 0 || (stream && rows <= 23));
        }
        free(file.at);
    }
}

static void test_damage_is_survived(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        struct bytes sound = load(names[i]);
        int64_t refused = 0;
        for (unsigned round = 0; round < rounds; round++) {
            struct bytes file = {.at = memory_zeroed(sound.length + 1, 1), .length = sound.length};
            memcpy(file.at, sound.at, sound.length);
            damage(&file);
            refused += read_all(names[i], &file) < 0;
            free(file.at);
        }
        print_message("%s: %u damaged copies, %ld refused\n", names[i], rounds, (long)refused);
        assert_true(refused > 0);
        free(sound.at);
    }
}

int main(int argc, char **argv) {
    if (argc > 1) rounds = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2) chance.state = strtoul(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sound_files_are_read),
                                       cmocka_unit_test(test_files_cut_short_are_refused),
                                       cmocka_unit_test(test_damage_is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
