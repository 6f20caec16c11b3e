/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB's function mgeo(a, b) as an extension in C, without Python: a struct of similarity and
 * label, NULL where there is no score.
 *
 * One engine serves the process, with the bundled model in int8, or that of the directory
 * $MGEO_MODEL. DuckDB calls the function from several threads with up to 2,048 rows each; texts are
 * read where they lie. build_extension.sh builds it.
 */
#define DUCKDB_EXTENSION_NAME mgeo
#define DUCKDB_EXTENSION_API_VERSION_MAJOR 1
#define DUCKDB_EXTENSION_API_VERSION_MINOR 2
#define DUCKDB_EXTENSION_API_VERSION_PATCH 0
#include <duckdb_extension.h>
#include <mgeo.h>
#include <stdlib.h>

DUCKDB_EXTENSION_EXTERN

/* What the function keeps: DuckDB destroys it with the database. */
typedef struct scorer {
    mgeo_engine *engine;
    mgeo_model_info info;
} scorer;

/* The arrays of one call. */
typedef struct call {
    mgeo_pair *pairs;
    float *similarity;
    int32_t *label;
} call;

static void destroy_scorer(void *data) {
    scorer *made = data;
    if (made == NULL) return;
    mgeo_engine_destroy(made->engine);
    free(made);
}

static scorer *create_scorer(mgeo_error *error) {
    scorer *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->info.struct_size = sizeof made->info;
    mgeo_load_options options = {.struct_size = sizeof options, .precision = MGEO_INT8};
    mgeo_status status = mgeo_engine_create(NULL, &made->engine, error);
    if (status == MGEO_OK) {
        status = mgeo_load(made->engine, getenv("MGEO_MODEL"), &options, &made->info, error);
    }
    if (status == MGEO_OK) return made;
    destroy_scorer(made);
    return NULL;
}

/* A NULL is an empty text, which gets no score. */
static void read_texts(duckdb_vector vector, idx_t rows, mgeo_pair *pairs, bool first) {
    duckdb_string_t *texts = duckdb_vector_get_data(vector);
    uint64_t *valid = duckdb_vector_get_validity(vector);
    for (idx_t row = 0; row < rows; row++) {
        bool is_null = valid != NULL && !duckdb_validity_row_is_valid(valid, row);
        const char *text = is_null ? "" : duckdb_string_t_data(&texts[row]);
        size_t length = is_null ? 0 : duckdb_string_t_length(texts[row]);
        *(first ? &pairs[row].a : &pairs[row].b) = text;
        *(first ? &pairs[row].a_len : &pairs[row].b_len) = length;
    }
}

static void write_answers(const scorer *from, const call *answers, idx_t rows,
                          duckdb_vector output) {
    duckdb_vector similarity = duckdb_struct_vector_get_child(output, 0);
    duckdb_vector label = duckdb_struct_vector_get_child(output, 1);
    float *similarities = duckdb_vector_get_data(similarity);
    duckdb_vector parts[] = {output, similarity, label};
    for (int part = 0; part < 3; part++) duckdb_vector_ensure_validity_writable(parts[part]);
    for (idx_t row = 0; row < rows; row++) {
        similarities[row] = answers->similarity[row];
        if (answers->label[row] >= 0) {
            duckdb_vector_assign_string_element(label, row, from->info.labels[answers->label[row]]);
            continue;
        }
        for (int part = 0; part < 3; part++) {
            duckdb_validity_set_row_invalid(duckdb_vector_get_validity(parts[part]), row);
        }
    }
}

static void score(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
    const scorer *with = duckdb_scalar_function_get_extra_info(info);
    idx_t rows = duckdb_data_chunk_get_size(input);
    call made = {.pairs = calloc(rows + 1, sizeof *made.pairs),
                 .similarity = calloc(rows + 1, sizeof *made.similarity),
                 .label = calloc(rows + 1, sizeof *made.label)};
    if (made.pairs == NULL || made.similarity == NULL || made.label == NULL) {
        duckdb_scalar_function_set_error(info, "mgeo: out of memory");
        goto cleanup;
    }
    read_texts(duckdb_data_chunk_get_vector(input, 0), rows, made.pairs, true);
    read_texts(duckdb_data_chunk_get_vector(input, 1), rows, made.pairs, false);
    mgeo_scores scores = {
        .struct_size = sizeof scores, .similarity = made.similarity, .label = made.label};
    mgeo_error error;
    if (mgeo_score(with->engine, made.pairs, rows, &scores, &error) != MGEO_OK) {
        duckdb_scalar_function_set_error(info, error.message);
        goto cleanup;
    }
    write_answers(with, &made, rows, output);
cleanup:
    free(made.pairs);
    free(made.similarity);
    free(made.label);
}

static duckdb_logical_type answer_type(void) {
    duckdb_logical_type members[] = {duckdb_create_logical_type(DUCKDB_TYPE_FLOAT),
                                     duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR)};
    const char *names[] = {"similarity", "label"};
    duckdb_logical_type type = duckdb_create_struct_type(members, names, 2);
    for (int member = 0; member < 2; member++) duckdb_destroy_logical_type(&members[member]);
    return type;
}

/* Takes the scorer. */
static bool add_function(duckdb_connection connection, scorer *with) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_logical_type answer = answer_type();
    duckdb_scalar_function_set_name(function, "mgeo");
    duckdb_scalar_function_add_parameter(function, text);
    duckdb_scalar_function_add_parameter(function, text);
    duckdb_scalar_function_set_return_type(function, answer);
    duckdb_scalar_function_set_special_handling(function); /* NULLs come too */
    duckdb_scalar_function_set_extra_info(function, with, destroy_scorer);
    duckdb_scalar_function_set_function(function, score);
    bool added = duckdb_register_scalar_function(connection, function) == DuckDBSuccess;
    duckdb_destroy_scalar_function(&function);
    duckdb_destroy_logical_type(&text);
    duckdb_destroy_logical_type(&answer);
    return added;
}

DUCKDB_EXTENSION_ENTRYPOINT(duckdb_connection connection, duckdb_extension_info info,
                            struct duckdb_extension_access *access) {
    mgeo_error error = {0};
    scorer *made = create_scorer(&error);
    if (made == NULL) {
        access->set_error(info, error.status == MGEO_OK ? "mgeo: out of memory" : error.message);
        return false;
    }
    return add_function(connection, made);
}
