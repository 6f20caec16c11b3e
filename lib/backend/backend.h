/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What computes: the contract between libmgeo and a device.
 *
 * A backend turns packed token ids into logits. It knows nothing of text, files, labels, slots or
 * callers. It is a constant vtable, found by the registry from a device's name.
 *
 * Encoder. `open` places one model's weights on a device at one precision. The encoder is immutable
 * afterwards and is shared by all lanes. A tensor's bytes are there between mgi_tensor_acquire and
 * mgi_tensor_release (backend/tensor.h), and no longer than until `open` returns; only if
 * `describe` then says keeps_weights, tensors that were acquired and not released stay until
 * `close`.
 *
 * Device. `serves` looks at a name alone; `usable` asks the machine. A named device that is not
 * usable fails in `predict` and `open` with MGEO_E_DEVICE and usable's line; "auto" passes it over.
 * A name may stand for several cards of one kind: the encoder then has a copy on each, and what is
 * said in bytes is said of all cards together.
 *
 * Prediction. `predict` says what `open` and the lanes would take, from the same request with
 * tensors whose bytes are not looked at: types, shapes, alignment and whether they lie in files
 * tell all. It refuses what `open` would refuse of the request itself, allocates nothing on the
 * device and may be called at any time. What is on_cpu takes the process's memory alone. Elsewhere
 * weights, opening, lane and workspace are of the device's memory, and host_workspace of the
 * process's: staging and pinned buffers, for all lanes. A tensor that lies in a file takes no
 * memory before it is acquired.
 *
 * Lane. An execution context: the scratch memory, the stream and whatever else one batch at a time
 * needs (other engines call it a context or a stream). One thread at a time opens and uses it, not
 * always the same one; off the CPU it may be the host's, so that what a thread carries, such as its
 * current device, is left as it was found. Any number of lanes of one encoder run at once. The
 * runner opens as many as the encoder says, and sometimes one more for a while. Over several cards
 * open_lane takes them in turn, and a card that has failed is skipped while another one works.
 * After the first batches of each size nothing is allocated per call.
 *
 * Batch. Rows are packed without padding and come in order of non-decreasing length. Every row has
 * at least 1 and at most max_length tokens; ids are below the vocabulary, types below spec->types.
 * `run` writes logits [rows, labels] row-major, in the batch's order. A row's logits do not depend
 * on the other rows of the batch, beyond rounding. The team is lent for this call: team->cores says
 * how many CPU cores it may use, and mgi_team_share spreads work over them. A backend whose library
 * brings threads of its own uses as many of those and shares nothing; other devices ignore it.
 *
 * Errors. Every function that can fail returns a status and one line. A failed run leaves encoder
 * and lane usable unless the status is MGEO_E_DEVICE. NaN in logits is not a failure: the caller
 * looks. Destructors take NULL, wait for the device, and never fail.
 */
#ifndef MGI_BACKEND_BACKEND_H
#define MGI_BACKEND_BACKEND_H

#include "backend/team.h"
#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mgi_dtype { MGI_F32, MGI_F16, MGI_BF16 } mgi_dtype;

enum { MGI_TENSOR_RANK = 2 };

typedef struct mgi_tensor mgi_tensor;

/* What brings in the bytes of tensors that lie in files: mgi_tensor_acquire and mgi_tensor_release
 * go through it. */
typedef struct mgi_tensor_source mgi_tensor_source;
struct mgi_tensor_source {
    mgeo_status (*acquire)(mgi_tensor_source *source, const mgi_tensor *tensor, mgeo_error *error);
    void (*release)(mgi_tensor_source *source, const mgi_tensor *tensor);
};

/* A dense row-major tensor owned by someone else. data may have any alignment. */
struct mgi_tensor {
    const void *data;
    size_t bytes;
    uint32_t shape[MGI_TENSOR_RANK]; /* rank 1: shape[1] is 1 */
    uint32_t rank;
    mgi_dtype dtype;
    bool mapped; /* lies in a file: its bytes take no memory before they are acquired */
    mgi_tensor_source *source; /* NULL: data can be read at any time, without mgi_tensor_acquire */
};

typedef enum mgi_activation {
    MGI_GELU,      /* erf: x/2 (1 + erf(x/√2)) */
    MGI_GELU_TANH, /* "gelu_new", "gelu_pytorch_tanh" */
    MGI_RELU,
    MGI_TANH
} mgi_activation;

/* The shape of a BERT classifier. */
typedef struct mgi_encoder_spec {
    uint32_t layers; /* layers that run */
    uint32_t hidden;
    uint32_t heads; /* divides hidden */
    uint32_t intermediate;
    uint32_t vocabulary;
    uint32_t positions;
    uint32_t types;
    uint32_t labels; /* outputs of the classifier */
    float norm_eps;
    mgi_activation activation;
} mgi_encoder_spec;

/* weight is [out, in], as Linear layers keep it; bias [out]. */
typedef struct mgi_linear {
    mgi_tensor weight;
    mgi_tensor bias;
} mgi_linear;

typedef struct mgi_norm {
    mgi_tensor weight; /* gamma [hidden] */
    mgi_tensor bias;   /* beta [hidden] */
} mgi_norm;

typedef struct mgi_layer_weights {
    mgi_linear query, key, value, attention_output;
    mgi_norm attention_norm;
    mgi_linear intermediate, output;
    mgi_norm output_norm;
} mgi_layer_weights;

/* All tensors have the shapes that the spec implies: lib/model has checked them. */
typedef struct mgi_weights {
    mgi_tensor word_embeddings;     /* [vocabulary, hidden] */
    mgi_tensor position_embeddings; /* [positions, hidden] */
    mgi_tensor type_embeddings;     /* [types, hidden] */
    mgi_norm embedding_norm;
    mgi_layer_weights *layers; /* [spec.layers] */
    mgi_linear pooler;         /* [hidden, hidden], tanh after it */
    mgi_linear classifier;     /* [labels, hidden] */
} mgi_weights;

typedef struct mgi_encoder_request {
    const char *device;    /* never "auto" */
    int32_t precision;     /* mgeo_precision; AUTO: the backend's choice */
    uint32_t max_length;   /* tokens in a row, at most spec->positions */
    uint32_t batch_tokens; /* tokens in a batch, at least max_length; 0: the backend's choice */
    bool allow_tf32;       /* products of fp32 may round their inputs to TF32. A device or precision
                              that has no such products: MGEO_E_UNSUPPORTED */
    const mgi_encoder_spec *spec;
    const mgi_weights *weights;
    mgeo_progress *progress; /* stage PLACING: counts tensors, is asked for cancellation */
} mgi_encoder_request;

typedef struct mgi_encoder_info {
    int32_t precision;         /* as chosen */
    uint32_t batch_tokens;     /* as chosen */
    uint32_t lanes;            /* that keep the device busy; 0: one for each core */
    uint32_t min_split_tokens; /* a batch of at most this many is faster whole than in parts */
    bool mixed_lengths;        /* batches of mixed lengths are as fast as others, or faster */
    uint64_t bytes_on_device;
    bool keeps_weights; /* the request's tensors are still read */
    bool on_cpu;        /* cores matter: the runner shares them out among lanes */
    char device[64];
    char library[96];
    char warning[256]; /* empty, or one line for the operator */
} mgi_encoder_info;

/* What a model would take of the device's memory, in bytes. */
typedef struct mgi_encoder_estimate {
    int32_t precision;       /* as it would be chosen */
    uint32_t batch_tokens;   /* as it would be chosen */
    uint32_t lanes;          /* as describe would say */
    uint64_t weights;        /* after open: what describe calls bytes_on_device */
    uint64_t opening;        /* the highest point during open, at least `weights` */
    uint64_t lane;           /* each lane, once it has run the largest batches on all cores */
    uint64_t workspace;      /* what the libraries take on top of all lanes at work */
    uint64_t host_workspace; /* off the CPU: what all that takes of the process's memory */
    bool keeps_weights;
    bool on_cpu;
    char device[64];
} mgi_encoder_estimate;

typedef struct mgi_encoder mgi_encoder; /* each backend defines its own */
typedef struct mgi_lane mgi_lane;

typedef struct mgi_batch {
    const int32_t *ids;      /* [tokens] */
    const uint8_t *types;    /* [tokens] */
    const uint32_t *offsets; /* [rows + 1]; row r is tokens offsets[r] .. offsets[r + 1] - 1 */
    uint32_t rows;           /* at least 1 */
    uint32_t tokens;         /* at most batch_tokens */
} mgi_batch;

typedef struct mgi_backend {
    const char *name;

    /* Does the backend serve this device's name, as a user writes it? */
    bool (*serves)(const char *device);
    /* Can it be computed on now: is there a driver, a card, and are they new enough? NULL: always.
     * Errors: MGEO_E_DEVICE. */
    mgeo_status (*usable)(const char *device, mgeo_error *error);

    /* cores: CPU cores that compute, all lanes' together. The request's progress is not used. */
    mgeo_status (*predict)(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *needs, mgeo_error *error);
    /* Bytes free on the device, as its own memory goes; of several cards, their number times the
     * least that one has. NULL: it computes in the process's memory, for which mgi_memory_available
     * speaks. Errors: MGEO_E_DEVICE. */
    mgeo_status (*available)(const char *device, uint64_t *bytes, mgeo_error *error);

    mgeo_status (*open)(const mgi_encoder_request *request, mgi_encoder **encoder,
                        mgeo_error *error);
    void (*describe)(const mgi_encoder *encoder, mgi_encoder_info *info);
    void (*close)(mgi_encoder *encoder);

    mgeo_status (*open_lane)(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error);
    mgeo_status (*run)(mgi_lane *lane, const mgi_batch *batch, mgi_team *team, float *logits,
                       mgeo_error *error);
    void (*close_lane)(mgi_lane *lane);
} mgi_backend;

/* Finds the backend for a device's name ("auto" or NULL: the best one that is usable here), and the
 * name that `open` takes. Errors: MGEO_E_ARGUMENT (no such device; lists what there is),
 * MGEO_E_DEVICE. */
mgeo_status mgi_backend_find(const char *device, const mgi_backend **backend,
                             const char **device_name, mgeo_error *error);

/* Tests: adds a backend (the fake one) before the built-in ones. Not while engines exist. */
void mgi_backend_register(const mgi_backend *backend);

/* In the library itself, for device "cpu": lib/backend/cpu/. */
extern const mgi_backend mgi_cpu_backend;

/* Modules, each in a file of its own (backend/module.h): lib/backend/torch/ and lib/backend/cuda/.
 */
extern const mgi_backend mgi_torch_backend;
extern const mgi_backend mgi_cuda_backend;

/* lib/backend/fake.c, linked into tests alone: device "fake". Its logits are a fixed function of a
 * row's ids and types and of the classifier's bias, so that every answer tells its model. */
extern const mgi_backend mgi_fake_backend;

#endif
