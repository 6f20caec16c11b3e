/* SPDX-License-Identifier: Apache-2.0 */
/* The Open Inference Protocol with binary tensors: texts need no escapes, and numbers no parser. */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "exchange.h"
#include "inference.h"
#include "settings.h"

enum { REQUEST_BYTES = 512 * 1024 }; /* half of the server's --max-body */

static uint32 read_u32(const unsigned char *at) {
    return (uint32)at[0] | (uint32)at[1] << 8 | (uint32)at[2] << 16 | (uint32)at[3] << 24;
}

static void add_text(StringInfo texts, const text *value) {
    const char *bytes = VARDATA_ANY(value);
    int length = VARSIZE_ANY_EXHDR(value);
    char *converted = pg_server_to_any(bytes, length, PG_UTF8);
    if (converted != bytes) length = (int)strlen(converted);
    unsigned char size[4] = {(unsigned char)length, (unsigned char)(length >> 8),
                             (unsigned char)(length >> 16), (unsigned char)(length >> 24)};
    appendBinaryStringInfo(texts, (const char *)size, sizeof size);
    appendBinaryStringInfo(texts, converted, length);
    if (converted != bytes) pfree(converted);
}

void inference_begin(inference_request *request) {
    initStringInfo(&request->texts);
    request->count = 0;
}

void inference_add(inference_request *request, const text *a, const text *b) {
    add_text(&request->texts, a);
    add_text(&request->texts, b);
    request->count++;
}

bool inference_is_full(const inference_request *request) {
    return request->count >= mgeo_batch_pairs || request->texts.len >= REQUEST_BYTES;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Binary data that is read from its begin on. */
typedef struct reader {
    const unsigned char *at;
    size_t left;
} reader;

static const unsigned char *take(reader *data, size_t length) {
    const unsigned char *at = data->at;
    if (data->left < length) {
        ereport(ERROR, errcode(ERRCODE_PROTOCOL_VIOLATION),
                errmsg("mgeo: the answer from %s ends before its last tensor does", mgeo_socket));
    }
    data->at += length;
    data->left -= length;
    return at;
}

static void read_similarities(reader *data, inference_result *result) {
    result->similarity = palloc(sizeof *result->similarity * result->count);
    for (int i = 0; i < result->count; i++) {
        uint32 bits = read_u32(take(data, 4));
        memcpy(&result->similarity[i], &bits, sizeof bits);
    }
}

static void read_flags(reader *data, inference_result *result) {
    result->flags = palloc(sizeof *result->flags * result->count);
    for (int i = 0; i < result->count; i++) result->flags[i] = read_u32(take(data, 4));
}

static void read_labels(reader *data, inference_result *result) {
    result->labels = palloc(sizeof *result->labels * result->count);
    for (int i = 0; i < result->count; i++) {
        uint32 length = read_u32(take(data, 4));
        char *label = pnstrdup((const char *)take(data, length), length);
        result->labels[i] = pg_any_to_server(label, (int)length, PG_UTF8);
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

static size_t write_body(StringInfo body, const inference_request *request, bool all) {
    appendStringInfo(
        body,
        "{\"inputs\":[{\"name\":\"pairs\",\"shape\":[%d,2],\"datatype\":\"BYTES\",\"parameters\":"
        "{\"binary_data_size\":%d}}],\"outputs\":[{\"name\":\"similarity\"}%s],"
        "\"parameters\":{\"binary_data_output\":true}}",
        request->count, request->texts.len,
        all ? ",{\"name\":\"flags\"},{\"name\":\"label\"}" : "");
    size_t json_length = (size_t)body->len;
    appendBinaryStringInfo(body, request->texts.data, request->texts.len);
    return json_length;
}

void inference_score(const inference_request *request, bool all, inference_result *result) {
    StringInfoData body;
    exchange_answer answer;
    initStringInfo(&body);
    size_t json_length = write_body(&body, request, all);
    exchange_post(psprintf("/v2/models/%s/infer", mgeo_model), json_length, &body, &answer);
    reader data = {(const unsigned char *)answer.body.data + answer.json_length,
                   (size_t)answer.body.len - answer.json_length};
    memset(result, 0, sizeof *result);
    result->count = request->count;
    read_similarities(&data, result);
    if (all) {
        read_flags(&data, result);
        read_labels(&data, result);
    }
    result->generation = answer.generation;
    result->version =
        pstrdup(pg_any_to_server(answer.version, (int)strlen(answer.version), PG_UTF8));
    pfree(body.data);
    pfree(answer.body.data);
}
