/* A lane's memory. */
#include "backend/torch/bert.h"

#include "core/alloc.h"

mgeo_status mgi_bert_open_lane(mgi_lane *lane, const mgi_encoder *e, mgeo_error *error) {
    size_t rows = mgi_bert_product_rows(e->kind, e->batch_tokens);
    size_t hidden = e->spec.hidden, wide = e->spec.intermediate;
    size_t number = e->kind == MGT_BF16 ? 2 : 4;
    bool packed = e->kind != MGT_F32; /* else a product's input is the fp32 rows themselves */
    bool scaled = e->kind == MGT_I8;  /* products come in libtorch's own memory */
    const struct {
        void **memory;
        size_t width, size;
        bool needed;
    } buffers[] = {
        {(void **)&lane->positions, 1, sizeof(uint32_t), true},
        {(void **)&lane->x, hidden, sizeof(float), true},
        {&lane->input, hidden, number, packed},
        {(void **)&lane->scale, 1, sizeof(float), scaled},
        {&lane->qkv, hidden * 3, number, !scaled},
        {(void **)&lane->context, hidden, sizeof(float), true},
        {&lane->y, hidden, number, !scaled},
        {&lane->wide, wide, number, true},
        {(void **)&lane->wide_scale, 1, sizeof(float), scaled},
        {(void **)&lane->first, hidden, sizeof(float), true},
        {&lane->first_input, hidden, number, packed},
        {(void **)&lane->first_scale, 1, sizeof(float), scaled},
        {&lane->query, hidden, number, !scaled},
        {(void **)&lane->classes, e->spec.labels, sizeof(float), true},
    };
    lane->encoder = e;
    lane->rows = rows;
    lane->scope = mgt_scope_create();
    if (!lane->scope) return mgi_fail_memory(error, "a lane", sizeof *lane);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        if (!buffers[i].needed) continue;
        *buffers[i].memory = mgi_calloc_aligned(rows, buffers[i].width * buffers[i].size);
        if (!*buffers[i].memory)
            return mgi_fail_memory(error, "a lane's batches",
                                   rows * buffers[i].width * buffers[i].size);
    }
    return MGEO_OK;
}

void mgi_bert_close_lane(mgi_lane *lane) {
    void *const memory[] = {lane->positions,  lane->x,       lane->input,       lane->scale,
                            lane->qkv,        lane->context, lane->y,           lane->wide,
                            lane->wide_scale, lane->first,   lane->first_input, lane->first_scale,
                            lane->query,      lane->classes};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) mgi_free(memory[i]);
    for (unsigned i = 0; i < lane->scratch_count; i++) mgi_free(lane->scratch[i]);
    mgi_free(lane->scratch);
    mgt_scope_destroy(lane->scope);
}
