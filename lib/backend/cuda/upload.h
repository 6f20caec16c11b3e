/* SPDX-License-Identifier: Apache-2.0 */
/* How a batch lies in what the host sends: words 0 and 1 are rows and tokens, from word
 * MGK_CUDA_UPLOAD_OFFSETS on the offsets, then the tokens; where rows are tiled, the bounds of
 * every token and the tiles follow. */
#ifndef MGI_BACKEND_CUDA_UPLOAD_H
#define MGI_BACKEND_CUDA_UPLOAD_H

#include <stddef.h>
#include <stdint.h>

/* Bytes from the start to the tokens, to the bounds, to the tiles. */
size_t mgi_cuda_upload_tokens(uint32_t rows);
size_t mgi_cuda_upload_bounds(uint32_t rows, uint32_t tokens);
size_t mgi_cuda_upload_tiles(uint32_t rows, uint32_t tokens);

/* Bytes of all that is sent, without tiles and with them. */
size_t mgi_cuda_upload_bytes(uint32_t rows, uint32_t tokens);
size_t mgi_cuda_upload_bytes_tiled(uint32_t rows, uint32_t tokens, uint32_t tiles);

#endif
