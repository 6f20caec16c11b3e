/* Which rows of a batch share a tile of the kernel in heads_sm90.h. */
#include "backend/cuda/encoder.h"

#include <string.h>
#include <stdlib.h>

/* Rows that wait, by their length: those of one length are neighbours in the batch. */
typedef struct waiting {
    uint32_t next[MGK_HEADS_TILE + 1], left[MGK_HEADS_TILE + 1];
    uint32_t rows;
} waiting;

static void line_up(const mgi_batch *batch, waiting *w) {
    memset(w, 0, sizeof *w);
    w->rows = batch->rows;
    for (uint32_t row = batch->rows; row-- > 0;) {
        const uint32_t length = batch->offsets[row + 1] - batch->offsets[row];
        w->next[length] = row;
        w->left[length]++;
    }
}

/* The longest rows that still fit, one after the other. Returns the rows so far. */
static uint32_t fill_tile(waiting *w, uint32_t done, uint32_t *order, mgk_heads_tile *tile,
                          mgk_heads_bounds *bounds) {
    for (uint32_t length = MGK_HEADS_TILE; length > 0; length--) {
        while (w->left[length] > 0 && tile->rows + length <= MGK_HEADS_TILE) {
            const mgk_heads_bounds own = {(uint8_t)tile->rows, (uint8_t)(tile->rows + length)};
            for (uint32_t i = 0; i < length; i++) bounds[tile->first + tile->rows + i] = own;
            tile->rows += length;
            order[done++] = w->next[length]++;
            w->left[length]--;
        }
    }
    return done;
}

uint32_t mgi_cuda_cut_tiles(const mgi_batch *batch, uint32_t *order, mgk_heads_tile *tiles,
                            mgk_heads_bounds *bounds) {
    const uint32_t longest = batch->offsets[batch->rows] - batch->offsets[batch->rows - 1];
    waiting w;
    uint32_t count = 0, first = 0;
    if (longest > MGK_HEADS_TILE) return 0;
    line_up(batch, &w);
    for (uint32_t done = 0; done < batch->rows; count++) {
        tiles[count] = (mgk_heads_tile){.first = first};
        done = fill_tile(&w, done, order, &tiles[count], bounds);
        first += tiles[count].rows;
    }
    static double least = -1;
    if (least < 0) { const char *x = getenv("MGX_FILL"); least = x ? atof(x) : 0.88; }
    return (double)batch->tokens / ((double)count * MGK_HEADS_TILE) >= least ? count : 0;
}
