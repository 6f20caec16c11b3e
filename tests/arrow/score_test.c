/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo_score_arrow and mgeo_score_arrow_stream: the same answers as mgeo_score, as Arrow has them.
 */
#include "made_table.h"
#include "support/engine_fixture.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { ROWS = 7, NULL_A = 1, NULL_B = 3, EMPTY = 4, LABELS = 3 };

static const char *const texts_a[ROWS] = {"路1号", NULL, "a b c", "x", "", "a", "街9号 区 市"};
static const char *const texts_b[ROWS] = {"路1号", "b", "c b a", NULL, "b", "z 9", "街9号"};

static made_table table;
static struct ArrowSchema schema;
static struct ArrowArray array;

static mgeo_status score_table(const mgeo_arrow_options *options) {
    return mgeo_score_arrow(engine, &table.schema, &table.array, options, &schema, &array, &error);
}

static void release(void) {
    schema.release(&schema);
    array.release(&array);
    assert_null(schema.release);
    assert_null(array.release);
}

static bool is_valid(const struct ArrowArray *column, int row) {
    const uint8_t *bits = column->buffers[0];
    return bits == NULL || (bits[row / 8] >> (row % 8) & 1) != 0;
}

/* What mgeo_score answers; nothing for rows with a null. */
static struct {
    float similarity[ROWS], probabilities[ROWS * LABELS], logits[ROWS * LABELS];
    int32_t label[ROWS];
    uint32_t flags[ROWS];
} plain;

static void score_plainly(void) {
    for (int i = 0; i < ROWS; i++) {
        if (i == NULL_A || i == NULL_B) continue;
        mgeo_pair one = {texts_a[i], strlen(texts_a[i]), texts_b[i], strlen(texts_b[i])};
        mgeo_scores scores = {.struct_size = sizeof scores,
                              .similarity = &plain.similarity[i],
                              .label = &plain.label[i],
                              .flags = &plain.flags[i],
                              .probabilities = &plain.probabilities[i * LABELS],
                              .logits = &plain.logits[i * LABELS],
                              .probability_stride = LABELS};
        assert_int_equal(mgeo_score(engine, &one, 1, &scores, &error), MGEO_OK);
    }
}

/* ---- columns --------------------------------------------------------------------------------- */

static void check_column(int at, const char *name, const char *format, int64_t nulls) {
    assert_string_equal(schema.children[at]->name, name);
    assert_string_equal(schema.children[at]->format, format);
    assert_int_equal(array.children[at]->length, ROWS);
    assert_int_equal(array.children[at]->null_count, nulls);
    assert_int_equal(array.children[at]->offset, 0);
    assert_int_equal((schema.children[at]->flags & ARROW_FLAG_NULLABLE) != 0, at != 4);
}

static void check_name(const struct ArrowArray *names, int32_t label, const char *expected_name) {
    const int32_t *offsets = names->buffers[1];
    size_t length = (size_t)(offsets[label + 1] - offsets[label]);
    assert_int_equal(length, strlen(expected_name));
    assert_memory_equal((const char *)names->buffers[2] + offsets[label], expected_name, length);
}

static void check_rows(void) {
    const float *similarity = array.children[0]->buffers[1];
    const int32_t *label = array.children[1]->buffers[1];
    const float *probabilities = array.children[2]->children[0]->buffers[1];
    const uint32_t *flags = array.children[3]->buffers[1];
    const uint64_t *generation = array.children[4]->buffers[1];
    const float *logits = array.children[5]->children[0]->buffers[1];
    for (int i = 0; i < ROWS; i++) {
        bool null = i == NULL_A || i == NULL_B, bad = null || i == EMPTY;
        for (int c = 0; c < 6; c++) {
            if (c == 3 || c == 4) continue;
            assert_int_equal(is_valid(array.children[c], i), !bad);
        }
        assert_int_equal(is_valid(array.children[3], i), !null);
        assert_int_equal(generation[i], 1);
        assert_int_equal(flags[i], null ? 0 : plain.flags[i]);
        if (bad) {
            assert_true(isnan(similarity[i]) && isnan(probabilities[i * LABELS]));
            assert_true(isnan(logits[i * LABELS + 2]));
            assert_int_equal(label[i], 0);
            continue;
        }
        assert_float_equal(similarity[i], plain.similarity[i], 0);
        assert_int_equal(label[i], plain.label[i]);
        size_t bytes = LABELS * sizeof(float);
        assert_memory_equal(&probabilities[i * LABELS], &plain.probabilities[i * LABELS], bytes);
        assert_memory_equal(&logits[i * LABELS], &plain.logits[i * LABELS], bytes);
    }
}

static void test_a_table_has_the_answers_of_its_pairs_in_every_layout(void **state) {
    (void)state;
    load(0);
    score_plainly();
    mgeo_arrow_options options = {.struct_size = sizeof options, .columns = 63};
    for (int layout = 0; layout < MADE_NULLS; layout++) {
        make_table(&table, layout, texts_a, texts_b, ROWS);
        if (score_table(&options) != MGEO_OK) fail_msg("%s", error.message);
        assert_string_equal(schema.format, "+s");
        assert_int_equal(array.n_children, 6);
        assert_int_equal(array.null_count, 0);
        check_column(0, "similarity", "f", 3);
        check_column(1, "label", "i", 3);
        check_column(2, "probabilities", "+w:3", 3);
        check_column(3, "flags", "I", 2);
        check_column(4, "generation", "L", 0);
        check_column(5, "logits", "+w:3", 3);
        check_rows();
        check_name(array.children[1]->dictionary, 0, "not_match");
        check_name(array.children[1]->dictionary, 2, "exact_match");
        release();
    }
    assert_int_equal(released_since(), 0); /* what the caller gave stays the caller's */
}

static void test_only_the_columns_that_are_asked_for(void **state) {
    (void)state;
    load(0);
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    for (uint32_t columns = 0; columns < 64; columns++) {
        mgeo_arrow_options options = {.struct_size = sizeof options, .columns = columns};
        assert_int_equal(score_table(&options), MGEO_OK);
        uint32_t wanted = columns == 0 ? 31 : columns;
        assert_int_equal(array.n_children, __builtin_popcount(wanted));
        assert_int_equal(schema.n_children, array.n_children);
        for (int64_t i = 0; i < schema.n_children; i++) {
            uint32_t lowest = wanted & -wanted;
            assert_string_equal(schema.children[i]->name, mgeo_arrow_column_name(lowest));
            wanted -= lowest;
        }
        release();
    }
}

static void test_children_can_be_moved_out_and_outlive_the_engine(void **state) {
    (void)state;
    load(0);
    score_plainly();
    make_table(&table, MADE_VIEWS, texts_a, texts_b, ROWS);
    assert_int_equal(score_table(NULL), MGEO_OK);
    struct ArrowArray similarity = *array.children[0], names = *array.children[1]->dictionary;
    struct ArrowSchema label = *schema.children[1];
    array.children[0]->release = NULL;
    array.children[1]->dictionary->release = NULL;
    schema.children[1]->release = NULL;
    release();
    mgeo_engine_destroy(engine);
    engine = NULL;
    assert_float_equal(((const float *)similarity.buffers[1])[0], plain.similarity[0], 0);
    check_name(&names, 1, "partial_match");
    assert_string_equal(label.dictionary->format, "u");
    similarity.release(&similarity);
    names.release(&names);
    label.release(&label);
}

static void test_no_rows_and_nothing_but_nulls(void **state) {
    (void)state;
    load(0);
    make_table(&table, MADE_LARGE_UTF8, texts_a, texts_b, 0);
    assert_int_equal(score_table(NULL), MGEO_OK);
    assert_int_equal(array.length, 0);
    release();
    make_table(&table, MADE_NULLS, texts_a, texts_b, ROWS);
    mgeo_arrow_options options = {.struct_size = sizeof options, .a = "a", .b = "b"};
    assert_int_equal(score_table(&options), MGEO_OK);
    assert_int_equal(array.children[0]->null_count, ROWS);
    release();
    assert_int_equal(score_table(NULL), MGEO_E_ARGUMENT); /* no column of texts is found */
}

/* A model of two labels is live, and each call goes to a canary with three. */
static void test_the_model_that_answers_may_have_more_labels_than_the_live_one(void **state) {
    (void)state;
    char two[TINY_PATH_BYTES];
    tiny_model_write(root, "two", &(tiny_model){.variant = 1, .labels = 2}, two);
    assert_int_equal(load_path(two, NULL), MGEO_OK);
    load(0);
    mgeo_arrow_options options = {.struct_size = sizeof options,
                                  .columns = MGEO_ARROW_PROBABILITIES | MGEO_ARROW_LOGITS};
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    assert_int_equal(score_table(&options), MGEO_OK);
    assert_string_equal(schema.children[0]->format, "+w:2");
    release();
    assert_int_equal(mgeo_set_canary(engine, MGEO_SHARE_ALL, NULL, &error), MGEO_OK);
    assert_int_equal(score_table(&options), MGEO_OK);
    assert_string_equal(schema.children[0]->format, "+w:3");
    assert_int_equal(array.children[0]->children[0]->length, ROWS * LABELS);
    const float *rows = array.children[0]->children[0]->buffers[1];
    assert_float_equal(rows[2 * LABELS] + rows[2 * LABELS + 1] + rows[2 * LABELS + 2], 1, 1e-5);
    release();
}

static void refused(const mgeo_arrow_options *options, mgeo_status status, const char *part) {
    array.release = (void (*)(struct ArrowArray *))release;
    schema.release = (void (*)(struct ArrowSchema *))release;
    assert_int_equal(score_table(options), status);
    if (strstr(error.message, part) == NULL) fail_msg("%s", error.message);
    assert_null(array.release);
    assert_null(schema.release);
}

static void test_what_cannot_be_is_refused(void **state) {
    (void)state;
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    refused(NULL, MGEO_E_NO_MODEL, "no model is loaded");
    load(0);
    mgeo_arrow_options options = {.struct_size = sizeof options, .columns = 64};
    refused(&options, MGEO_E_ARGUMENT, "go up to 63");
    options = (mgeo_arrow_options){.struct_size = sizeof options, .b = "c"};
    refused(&options, MGEO_E_ARGUMENT, "no column \"c\"");
    options = (mgeo_arrow_options){.struct_size = 3};
    refused(&options, MGEO_E_ARGUMENT, "struct_size");
    mgeo_progress progress = {{0}};
    mgeo_progress_cancel(&progress);
    options = (mgeo_arrow_options){.struct_size = sizeof options, .progress = &progress};
    refused(&options, MGEO_E_CANCELLED, "cancelled");
    table.schema.format = "i";
    refused(NULL, MGEO_E_UNSUPPORTED, "a struct");
    assert_int_equal(mgeo_score_arrow(engine, NULL, &table.array, NULL, &schema, &array, &error),
                     MGEO_E_ARGUMENT);
    assert_int_equal(
        mgeo_score_arrow(engine, &table.schema, &table.array, NULL, NULL, &array, NULL),
        MGEO_E_ARGUMENT);
    mgeo_engine *other = NULL;
    mgeo_job *job = NULL;
    assert_int_equal(mgeo_engine_create(NULL, &other, &error), MGEO_OK);
    assert_int_equal(mgeo_job_begin(engine, NULL, &job, &error), MGEO_OK);
    options = (mgeo_arrow_options){.struct_size = sizeof options, .job = job};
    assert_int_equal(
        mgeo_score_arrow(other, &table.schema, &table.array, &options, &schema, &array, &error),
        MGEO_E_ARGUMENT);
    options.route_key = 1;
    refused(&options, MGEO_E_ARGUMENT, "route_key");
    mgeo_job_end(job);
    mgeo_engine_destroy(other);
}

/* ---- streams --------------------------------------------------------------------------------- */

static made_stream source;
static struct ArrowArrayStream stream;

static void open_stream(int batches, int fails_at, const mgeo_arrow_options *options) {
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    make_stream(&source, &table, batches, fails_at);
    if (mgeo_score_arrow_stream(engine, &source.stream, options, &stream, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_null(source.stream.release); /* moved */
}

static uint64_t next_generation(void) {
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(array.length, ROWS);
    uint64_t generation = ((const uint64_t *)array.children[4]->buffers[1])[0];
    array.release(&array);
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS); /* the batch was released */
    return generation;
}

static void test_one_model_answers_a_whole_stream(void **state) {
    (void)state;
    load(0);
    load(1);
    open_stream(3, -1, NULL);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(schema.n_children, 5);
    schema.release(&schema);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next_generation(), 1);
        assert_int_equal(swap(), MGEO_OK);
    }
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_null(array.release); /* the end */
    stream.release(&stream);
    assert_null(stream.release);
    assert_true(source.released);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

static void test_a_stream_on_a_job_of_the_callers(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_job *job = NULL;
    mgeo_job_options standby = {.struct_size = sizeof standby, .standby = 1};
    assert_int_equal(mgeo_job_begin(engine, &standby, &job, &error), MGEO_OK);
    mgeo_arrow_options options = {.struct_size = sizeof options, .job = job};
    open_stream(1, -1, &options);
    assert_int_equal(next_generation(), 2);
    stream.release(&stream);
    mgeo_job_end(job);
}

static void test_a_source_that_fails_is_told_and_a_damaged_batch_too(void **state) {
    (void)state;
    load(0);
    open_stream(2, 1, NULL);
    next_generation();
    assert_int_equal(stream.get_next(&stream, &array), EIO);
    assert_non_null(strstr(stream.get_last_error(&stream), "the wire was cut"));
    assert_null(array.release);
    source.fails_at = -1; /* the source would go on, and the batch between would be missing */
    assert_int_equal(stream.get_next(&stream, &array), EIO);
    assert_non_null(strstr(stream.get_last_error(&stream), "the wire was cut"));
    stream.release(&stream);
    open_stream(2, -1, NULL);
    table.columns[0].offsets[3] = -1;
    released_since();
    assert_int_equal(stream.get_next(&stream, &array), EINVAL);
    assert_int_equal(released_since(), 1);
    assert_non_null(strstr(stream.get_last_error(&stream), "row 0"));
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    assert_int_equal(stream.get_next(&stream, &array), EINVAL);
    stream.release(&stream);
}

static void test_a_source_is_not_asked_after_its_end(void **state) {
    (void)state;
    load(0);
    open_stream(1, -1, NULL);
    next_generation();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stream.get_next(&stream, &array), 0);
        assert_null(array.release);
        source.fails_at = source.given; /* whatever it would say now */
    }
    stream.release(&stream);
}

static int no_schema(struct ArrowArrayStream *refusing, struct ArrowSchema *into) {
    (void)refusing;
    (void)into;
    return EIO;
}

static void test_a_stream_that_is_refused_stays_the_callers(void **state) {
    (void)state;
    make_table(&table, MADE_UTF8, texts_a, texts_b, ROWS);
    make_stream(&source, &table, 1, -1);
    mgeo_arrow_options options = {.struct_size = sizeof options, .a = "none"};
    const struct {
        const mgeo_arrow_options *options;
        mgeo_status status;
    } refusals[] = {{NULL, MGEO_E_NO_MODEL}, {&options, MGEO_E_ARGUMENT}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            mgeo_score_arrow_stream(engine, &source.stream, refusals[i].options, &stream, &error),
            refusals[i].status);
        assert_non_null(source.stream.release);
        assert_false(source.released);
        assert_null(stream.release);
    }
    load(0);
    source.stream.get_schema = no_schema;
    assert_int_equal(mgeo_score_arrow_stream(engine, &source.stream, NULL, &stream, &error),
                     MGEO_E_IO);
    source.stream.get_schema = NULL;
    assert_int_equal(mgeo_score_arrow_stream(engine, &source.stream, NULL, &stream, &error),
                     MGEO_E_ARGUMENT);
    source.stream.release = NULL;
    assert_int_equal(mgeo_score_arrow_stream(engine, &source.stream, NULL, &stream, &error),
                     MGEO_E_ARGUMENT);
    assert_int_equal(mgeo_score_arrow_stream(engine, NULL, NULL, &stream, &error), MGEO_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_table_has_the_answers_of_its_pairs_in_every_layout),
        TEST(test_only_the_columns_that_are_asked_for),
        TEST(test_children_can_be_moved_out_and_outlive_the_engine),
        TEST(test_no_rows_and_nothing_but_nulls),
        TEST(test_the_model_that_answers_may_have_more_labels_than_the_live_one),
        TEST(test_what_cannot_be_is_refused),
        TEST(test_one_model_answers_a_whole_stream),
        TEST(test_a_stream_on_a_job_of_the_callers),
        TEST(test_a_source_that_fails_is_told_and_a_damaged_batch_too),
        TEST(test_a_source_is_not_asked_after_its_end),
        TEST(test_a_stream_that_is_refused_stays_the_callers),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
