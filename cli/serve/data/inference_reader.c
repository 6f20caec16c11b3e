/* SPDX-License-Identifier: Apache-2.0 */
/* Input tensors of an inference request: their shapes, and texts from JSON or from binary data. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "serve/data/inference.h"

enum { ADDRESS1, ADDRESS2, PAIRS, INPUTS };

const struct inference_tensor inference_inputs[INPUTS] = {
    [ADDRESS1] = {"address1", "BYTES", 0},
    [ADDRESS2] = {"address2", "BYTES", 0},
    [PAIRS] = {"pairs", "BYTES", 2},
};

/* How its texts lie in JSON: in one list, or in a list for each row. */
struct nesting {
    int64_t rows, row_length; /* of all of the lists within */
    bool uneven;              /* they differ in length, lie deeper, or have texts beside them */
};

struct tensor {
    unsigned seen;    /* fields */
    int rank;         /* of its shape */
    int64_t shape[2]; /* of which these are kept */
    struct http_slice *texts;
    size_t count, capacity;
    int64_t binary_bytes; /* -1: none */
    struct nesting nesting;
};

struct inference_reader {
    struct tensor tensors[INPUTS];
    int order[INPUTS]; /* in which they came */
    int count;
};

struct inference_reader *inference_reader_create(void) {
    return memory_zeroed(1, sizeof(struct inference_reader));
}

void inference_reader_destroy(struct inference_reader *reader) {
    if (reader == NULL) return;
    for (int i = 0; i < INPUTS; i++) free(reader->tensors[i].texts);
    free(reader);
}

static void add_text(struct tensor *tensor, struct http_slice text) {
    if (tensor->count == tensor->capacity) {
        tensor->capacity = tensor->capacity == 0 ? 16 : tensor->capacity * 2;
        tensor->texts = memory_resize(tensor->texts, tensor->capacity, sizeof *tensor->texts);
    }
    tensor->texts[tensor->count++] = text;
}

/* ---- fields of a tensor ---------------------------------------------------------------------- */

enum { NAME, SHAPE, DATATYPE, DATA, PARAMETERS };
static const char *const fields[] = {"name", "shape", "datatype", "data", "parameters", NULL};

static bool read_name(struct data_body *body, struct data_body_place place, int *input) {
    struct json_string name;
    if (!data_body_string(body, place, &name)) return false;
    for (*input = 0; *input < INPUTS; ++*input) {
        if (http_slice_equals(data_body_slice(name), inference_inputs[*input].name)) return true;
    }
    return data_body_wrong(body, "unknown_input", place,
                           "must be \"address1\", \"address2\" or \"pairs\"");
}

static bool read_shape(struct data_body *body, struct data_body_place place,
                       struct tensor *tensor) {
    struct json_reader *reader = &body->reader;
    if (!data_body_open(body, JSON_ARRAY, place)) return false;
    for (tensor->rank = 0;; tensor->rank++) {
        enum json_type type = json_reader_next(reader);
        if (type == JSON_ABSENT && reader->fault == NULL) return true;
        if (type != JSON_NUMBER || !reader->integral || reader->integer < 0) {
            return data_body_wrong_type(body, place, "whole numbers");
        }
        if (tensor->rank == 2) {
            return data_body_wrong(body, "bad_shape", place, "has over 2 dimensions");
        }
        tensor->shape[tensor->rank] = reader->integer;
    }
}

static bool read_datatype(struct data_body *body, struct data_body_place place) {
    struct json_string datatype;
    if (!data_body_string(body, place, &datatype)) return false;
    if (http_slice_equals(data_body_slice(datatype), "BYTES")) return true;
    return data_body_wrong(body, "wrong_datatype", place, "must be \"BYTES\"");
}

/* A list within the outermost one has ended. */
static void note_row(struct nesting *nesting, int64_t length) {
    if (nesting->rows++ == 0) nesting->row_length = length;
    if (nesting->row_length != length) nesting->uneven = true;
}

/* Texts row by row: in one list, or in a list for each row. The shape may come later, so that both
 * are compared when all is there. */
static bool read_data(struct data_body *body, struct data_body_place place, struct tensor *tensor) {
    struct json_reader *reader = &body->reader;
    if (!data_body_open(body, JSON_ARRAY, place)) return false;
    int outer = reader->depth;
    size_t flat = 0, begun = 0;
    while (reader->depth >= outer && reader->fault == NULL) {
        enum json_type type = json_reader_next(reader);
        if (type == JSON_STRING) {
            if (reader->depth == outer) flat++;
            add_text(tensor, data_body_slice(reader->string));
        } else if (type == JSON_ARRAY) {
            begun = tensor->count;
            if (reader->depth > outer + 1) tensor->nesting.uneven = true;
        } else if (type != JSON_ABSENT) {
            return data_body_wrong_type(body, place, "strings");
        } else if (reader->depth == outer) {
            note_row(&tensor->nesting, (int64_t)(tensor->count - begun));
        }
    }
    if (flat > 0 && tensor->nesting.rows > 0) tensor->nesting.uneven = true;
    return reader->fault == NULL || data_body_fault(body);
}

static bool read_parameters(struct data_body *body, struct data_body_place place,
                            struct tensor *tensor) {
    static const char *const names[] = {"binary_data_size", "shared_memory_region", NULL};
    struct json_reader *reader = &body->reader;
    unsigned seen = 0;
    if (!data_body_open(body, JSON_OBJECT, place)) return false;
    for (;;) {
        int field = data_body_field(body, place, names, true, &seen);
        if (field == DATA_BODY_WRONG || field == DATA_BODY_END) return field == DATA_BODY_END;
        if (field == 1) {
            return data_body_wrong(body, "unsupported", place, "asks for shared memory");
        }
        if (field == DATA_BODY_OTHER) {
            json_reader_skip(reader);
            continue;
        }
        if (json_reader_next(reader) != JSON_NUMBER || !reader->integral || reader->integer < 0) {
            place.member = "parameters.binary_data_size";
            return data_body_wrong_type(body, place, "a whole number");
        }
        tensor->binary_bytes = reader->integer;
    }
}

static bool read_field(struct data_body *body, int field, struct data_body_place place,
                       struct tensor *tensor, int *input) {
    place.member = field >= 0 ? fields[field] : NULL;
    switch (field) {
    case NAME: return read_name(body, place, input);
    case SHAPE: return read_shape(body, place, tensor);
    case DATATYPE: return read_datatype(body, place);
    case DATA: return read_data(body, place, tensor);
    case PARAMETERS: return read_parameters(body, place, tensor);
    default: json_reader_skip(&body->reader); return true;
    }
}

/* ---- a tensor as a whole --------------------------------------------------------------------- */

static bool check_shape(struct data_body *body, struct data_body_place place,
                        const struct tensor *tensor, int input) {
    place.member = "shape";
    bool column = tensor->rank == 1 || (tensor->rank == 2 && tensor->shape[1] == 1);
    bool two = tensor->rank == 2 && tensor->shape[1] == 2;
    if (input == PAIRS ? two : column) return true;
    return data_body_wrong(body, "bad_shape", place, "must be %s",
                           input == PAIRS ? "[n, 2]" : "[n]");
}

static bool check_count(struct data_body *body, struct data_body_place place,
                        const struct tensor *tensor, int input) {
    int64_t rows = tensor->shape[0], per_row = input == PAIRS ? 2 : 1;
    if (tensor->count % (size_t)per_row == 0 && (int64_t)tensor->count / per_row == rows) {
        return true;
    }
    return data_body_wrong(body, "bad_data", place,
                           "holds %zu texts: its shape says %" PRId64 " × %d", tensor->count, rows,
                           (int)per_row);
}

static bool check_nesting(struct data_body *body, struct data_body_place place,
                          const struct tensor *tensor) {
    const struct nesting *nesting = &tensor->nesting;
    if (nesting->rows == 0) return true;
    bool as_shape = !nesting->uneven && tensor->rank == 2 && nesting->rows == tensor->shape[0] &&
                    nesting->row_length == tensor->shape[1];
    if (as_shape) return true;
    place.member = "data";
    return data_body_wrong(body, "bad_data", place,
                           "is nested otherwise than its shape says: give a list for each row, or "
                           "one list of all texts");
}

static bool check_tensor(struct data_body *body, struct data_body_place place,
                         const struct tensor *tensor, int input) {
    for (int field = NAME; field <= DATATYPE; field++) {
        if ((tensor->seen & 1u << field) != 0) continue;
        place.member = fields[field];
        return data_body_wrong(body, "missing_field", place, "is missing");
    }
    if (!check_shape(body, place, tensor, input)) return false;
    bool has_data = (tensor->seen & 1u << DATA) != 0, is_binary = tensor->binary_bytes >= 0;
    if (has_data == is_binary) {
        place.member = "data";
        return data_body_wrong(body, has_data ? "conflicting_fields" : "missing_field", place,
                               has_data ? "stands beside binary_data_size"
                                        : "is missing, and binary_data_size too");
    }
    if (is_binary) return true;
    return check_nesting(body, place, tensor) && check_count(body, place, tensor, input);
}

static bool read_tensor(struct inference_reader *inputs, struct data_body *body,
                        struct data_body_place place) {
    struct tensor tensor = {.binary_bytes = -1};
    int input = INPUTS, field;
    bool read = true;
    while (read &&
           (field = data_body_field(body, place, fields, true, &tensor.seen)) != DATA_BODY_END) {
        read = field != DATA_BODY_WRONG && read_field(body, field, place, &tensor, &input);
    }
    read = read && check_tensor(body, place, &tensor, input);
    if (read && inputs->tensors[input].seen != 0) {
        read = data_body_wrong(body, "duplicate_input", place, "is there twice");
    }
    if (!read) {
        free(tensor.texts);
        return false;
    }
    inputs->tensors[input] = tensor;
    inputs->order[inputs->count++] = input;
    return true;
}

bool inference_reader_inputs(struct inference_reader *inputs, struct data_body *body) {
    struct json_reader *reader = &body->reader;
    struct data_body_place place = DATA_BODY_FIELD("inputs");
    if (!data_body_open(body, JSON_ARRAY, place)) return false;
    for (place.index = 0;; place.index++) {
        enum json_type type = json_reader_next(reader);
        if (type == JSON_ABSENT) return reader->fault == NULL || data_body_fault(body);
        if (type != JSON_OBJECT) return data_body_wrong_type(body, place, "an object");
        if (!read_tensor(inputs, body, place)) return false;
    }
}

/* ---- binary data ----------------------------------------------------------------------------- */

static uint32_t read_u32(const char *bytes) {
    uint32_t number = 0;
    for (int i = 3; i >= 0; i--) number = number << 8 | (unsigned char)bytes[i];
    return number;
}

/* Each text: its length in 4 bytes, the least first, and its bytes. */
static bool read_binary(struct data_body *body, struct data_body_place place, struct tensor *tensor,
                        struct http_slice *binary) {
    if ((uint64_t)tensor->binary_bytes > binary->length) {
        return data_body_wrong(body, "bad_binary", place,
                               "says %" PRId64 " bytes of binary data: %zu are left",
                               tensor->binary_bytes, binary->length);
    }
    struct http_slice rest = {binary->at, (size_t)tensor->binary_bytes};
    binary->at += rest.length;
    binary->length -= rest.length;
    while (rest.length > 0) {
        size_t length = rest.length < 4 ? 0 : read_u32(rest.at);
        if (rest.length < 4 || length > rest.length - 4) {
            return data_body_wrong(body, "bad_binary", place, "ends within text %zu",
                                   tensor->count);
        }
        add_text(tensor, (struct http_slice){rest.at + 4, length});
        rest.at += 4 + length;
        rest.length -= 4 + length;
    }
    return true;
}

static bool read_all_binary(struct inference_reader *inputs, struct data_body *body,
                            struct http_slice binary) {
    struct data_body_place place = DATA_BODY_FIELD("inputs");
    for (int i = 0; i < inputs->count; i++) {
        int input = inputs->order[i];
        struct tensor *tensor = &inputs->tensors[input];
        if (tensor->binary_bytes < 0) continue;
        place.index = i;
        if (!read_binary(body, place, tensor, &binary)) return false;
        if (!check_count(body, place, tensor, input)) return false;
    }
    if (binary.length == 0) return true;
    return data_body_wrong(body, "bad_binary", DATA_BODY_ITSELF,
                           "holds %zu bytes behind its last tensor", binary.length);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* "pairs" alone, or both of the others, of one length. */
static bool check_inputs(const struct inference_reader *inputs, struct data_body *body) {
    const struct tensor *tensors = inputs->tensors;
    struct data_body_place place = DATA_BODY_FIELD("inputs");
    bool pairs = tensors[PAIRS].seen != 0, a = tensors[ADDRESS1].seen != 0;
    bool b = tensors[ADDRESS2].seen != 0;
    if (pairs ? a || b : !a || !b) {
        return data_body_wrong(body, "bad_inputs", place,
                               "must be address1 and address2, or pairs alone");
    }
    if (pairs || tensors[ADDRESS1].count == tensors[ADDRESS2].count) return true;
    return data_body_wrong(body, "bad_shape", place, "have %zu and %zu rows: give as many of each",
                           tensors[ADDRESS1].count, tensors[ADDRESS2].count);
}

bool inference_reader_pairs(struct inference_reader *inputs, struct data_body *body,
                            struct http_slice binary, struct data_call *call) {
    const struct tensor *pairs = &inputs->tensors[PAIRS], *a = &inputs->tensors[ADDRESS1],
                        *b = &inputs->tensors[ADDRESS2];
    if (!read_all_binary(inputs, body, binary) || !check_inputs(inputs, body)) return false;
    for (size_t i = 0; i + 1 < pairs->count; i += 2) {
        if (!data_call_add(call, pairs->texts[i], pairs->texts[i + 1], body->answer)) return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!data_call_add(call, a->texts[i], b->texts[i], body->answer)) return false;
    }
    return true;
}
