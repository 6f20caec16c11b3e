/* SPDX-License-Identifier: Apache-2.0 */
/* The Open Inference Protocol, version 2: tensors in, tensors out, as JSON and as binary data. */
#ifndef CLI_SERVE_DATA_INFERENCE_H
#define CLI_SERVE_DATA_INFERENCE_H

#include "serve/data/data_body.h"
#include "serve/data/data_route.h"

/* Length of the JSON part of a body with binary data behind it. */
#define INFERENCE_LENGTH_HEADER "Inference-Header-Content-Length"

enum inference_output {
    INFERENCE_SIMILARITY,
    INFERENCE_LABEL,
    INFERENCE_PROBABILITIES,
    INFERENCE_FLAGS,
    INFERENCE_OUTPUTS
};

struct inference_tensor {
    const char *name, *datatype;
    int64_t columns; /* of [n, columns]; 0: [n]; -1: the model's labels */
};
/* By inference_output; and inputs: "address1" and "address2", or "pairs". */
extern const struct inference_tensor inference_outputs[INFERENCE_OUTPUTS];
extern const struct inference_tensor inference_inputs[3];

/* What a request asks for; the call's state. */
struct inference {
    bool has_id;
    struct http_slice id;                    /* in the body */
    bool binary;                             /* outputs are binary unless they say otherwise */
    size_t count;                            /* of outputs, in the request's order */
    uint8_t output[INFERENCE_OUTPUTS];       /* an inference_output */
    int8_t output_binary[INFERENCE_OUTPUTS]; /* 1: yes; 0: no; -1: as `binary` says */
};

bool inference_parse(struct data_call *call, struct http_answer *answer);
void inference_render(const struct data_call *call, const struct data_scores *scores,
                      struct http_answer *answer);

/* ---- between the files ----------------------------------------------------------------------- */

/* The value of "inputs", which comes next, and the binary data behind the JSON. */
struct inference_reader;
struct inference_reader *inference_reader_create(void);
bool inference_reader_inputs(struct inference_reader *reader, struct data_body *body);
/* Puts the texts together as the call's pairs. After the JSON was read. */
bool inference_reader_pairs(struct inference_reader *reader, struct data_body *body,
                            struct http_slice binary, struct data_call *call);
void inference_reader_destroy(struct inference_reader *reader);

/* Whether this is the model's name, and its version the generation or the name of `info`'s; ""
 * stands for any version. False with 404 in the answer. */
bool inference_is_model(const struct service *service, const char *model, const char *version,
                        const mgeo_model_info *info, struct http_answer *answer);

#endif
