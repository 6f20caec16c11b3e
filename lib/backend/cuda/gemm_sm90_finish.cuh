/* What stands behind a product of gemm_sm90_kernel.cuh: scale, bias and GELU; LayerNorm of the
 * input, which the product read raw; or a residual, a raw row's moments and its E4M3 copy.
 *
 * A warp ends its own 16 rows. Of the sums a thread holds, for every 8 columns, columns 2t and
 * 2t + 1 of row r, then of row r + 8, where r = lane / 4 and t = lane % 4. They go through 2 KB of
 * shared memory of the warp's own, a part of the columns at a time, so that whole sectors are
 * written; a residual comes the same way in the other direction. */
#ifndef MGI_BACKEND_CUDA_GEMM_SM90_FINISH_CUH
#define MGI_BACKEND_CUDA_GEMM_SM90_FINISH_CUH

#include "backend/cuda/gemm_sm90_device.cuh"
#include "backend/cuda/gemm_sm90_task.cuh"

namespace sm90 {

/* Terms of the polynomial behind GELU, see gemm_sm90.cu. */
template <typename Out> struct gelu_terms { static constexpr int count = 7; };
template <> struct gelu_terms<__half> { static constexpr int count = 9; };

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

/* Φ(x) as 1/2 + x p(x²), cut off at 0 and 1 where the instruction does that by itself. */
template <int terms> __device__ __forceinline__ float gelu(float x, const float *c) {
    const float square = x * x;
    float p = c[terms - 1];
#pragma unroll
    for (int i = terms - 2; i >= 0; i--) p = fmaf(p, square, c[i]);
    return x * __saturatef(fmaf(x, p, 0.5f));
}

/* ---- numbers of columns: scale, bias and the like ---- */

/* Fetched from memory before a tile's products and kept in shared memory after them, in the order
 * in which threads read: of each 16 columns 2t, 2t + 1, 2t + 8, 2t + 9 for t = 0, 1, 2, 3. Tiles
 * take turns between two places, so that one meeting of the warpgroup suffices. */
template <uint32_t tile_outputs, uint32_t vectors> struct columns {
    static constexpr uint32_t fetchers = tile_outputs / 4; /* threads, for each vector */
    static constexpr uint32_t rounds = (vectors * fetchers + WARPGROUP - 1) / WARPGROUP;
    static constexpr uint32_t vector_bytes = layout<tile_outputs>::vector_bytes;

    float4 fetched[rounds];

    /* from[vector] may be NULL: then all are `none` of it. */
    __device__ void fetch(const float *const (&from)[vectors], const float (&none)[vectors],
                          uint32_t column, uint32_t thread) {
#pragma unroll
        for (uint32_t i = 0; i < rounds; i++) {
            const uint32_t vector = (thread + i * WARPGROUP) / fetchers;
            const uint32_t at = (thread + i * WARPGROUP) % fetchers;
#pragma unroll
            for (uint32_t v = 0; v < vectors; v++) {
                if (v != vector) continue;
                fetched[i] = from[v]
                                 ? __ldg(reinterpret_cast<const float4 *>(from[v] + column) + at)
                                 : make_float4(none[v], none[v], none[v], none[v]);
            }
        }
    }

    __device__ void keep(uint32_t to, uint32_t thread) const {
#pragma unroll
        for (uint32_t i = 0; i < rounds; i++) {
            const uint32_t vector = (thread + i * WARPGROUP) / fetchers;
            const uint32_t four = (thread + i * WARPGROUP) % fetchers, eight = four / 2;
            if (vector >= vectors) continue;
            const uint32_t at =
                to + vector * vector_bytes + 4 * (eight / 2 * 16 + four % 2 * 8 + eight % 2 * 2);
            store_two_words(at, fetched[i].x, fetched[i].y);
            store_two_words(at + 16, fetched[i].z, fetched[i].w);
        }
    }

    /* Four columns of the sixteen, as a lane's sums have them. */
    static __device__ void read(uint32_t from, uint32_t vector, uint32_t sixteen, uint32_t lane,
                                float (&to)[4]) {
        const uint4 w = load_words(from + vector * vector_bytes + (sixteen * 4 + lane % 4) * 16);
        to[0] = __uint_as_float(w.x), to[1] = __uint_as_float(w.y);
        to[2] = __uint_as_float(w.z), to[3] = __uint_as_float(w.w);
    }
};

/* ---- LayerNorms of rows ---- */

/* Fetched before a tile's products: half of a warp takes the even parts of 16 rows' moments, half
 * the odd ones. */
struct row_moments {
    static constexpr uint32_t most = MGK_CUDA_PARTS / 2;
    float2 part[most];

    __device__ void fetch(const norm_task &n, uint32_t row, uint32_t lane) {
        const float2 *from = n.moments + (size_t)(lane / 16) * n.stride + row + lane % 16;
#pragma unroll
        for (uint32_t i = 0; i < most; i++)
            part[i] =
                2 * i + lane / 16 < n.parts ? from[(size_t)(2 * i) * n.stride] : make_float2(0, 0);
    }
};

/* Of the two rows of a lane's sums. */
struct row_norms {
    float rate[2], mean[2]; /* 1 / deviation; mean / deviation */

    __device__ row_norms(const row_moments &m, const norm_task &n, uint32_t lane) {
        float sum = 0, squares = 0;
#pragma unroll
        for (uint32_t i = 0; i < row_moments::most; i++) sum += m.part[i].x, squares += m.part[i].y;
        sum = (sum + __shfl_xor_sync(0xffffffffu, sum, 16)) * n.share;
        squares = (squares + __shfl_xor_sync(0xffffffffu, squares, 16)) * n.share;
        const float r = rsqrtf(fmaxf(fmaf(-sum, sum, squares), 0.0f) + n.eps);
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) {
            rate[i] = __shfl_sync(0xffffffffu, r, lane / 4 + 8 * i);
            mean[i] = __shfl_sync(0xffffffffu, sum * r, lane / 4 + 8 * i);
        }
    }
};

/* ---- a warp's 16 rows on their way between registers and memory ---- */

/* A part of the columns: `bytes` of a row, 64 or 128. */
template <uint32_t bytes> struct part_of_rows {
    static constexpr uint32_t chunks = bytes / 16, rows_at_once = 32 / chunks;
    static constexpr uint32_t rounds = WARP_ROWS / rows_at_once;

    uint4 at[rounds];

    static __device__ uint32_t row_of(uint32_t lane) { return lane / chunks; }
    static __device__ uint32_t chunk_of(uint32_t lane) { return lane % chunks; }

    /* 16 bytes of a row in shared memory, swizzled: no bank conflicts in either direction. */
    static __device__ uint32_t place(uint32_t staging, uint32_t row, uint32_t chunk) {
        const uint32_t key = bytes == 128 ? row % 8 : row / 2 % 4;
        return staging + row * bytes + ((chunk ^ key) << 4);
    }
    /* What a lane hands to stmatrix or ldmatrix for the `i`th 32 bytes of all rows. */
    static __device__ uint32_t matrix(uint32_t staging, uint32_t lane, uint32_t i) {
        return place(staging, lane % 16, 2 * i + lane / 16);
    }

    __device__ void fetch(const unsigned char *from, size_t stride) {
#pragma unroll
        for (uint32_t i = 0; i < rounds; i++)
            at[i] = *reinterpret_cast<const uint4 *>(from + i * rows_at_once * stride);
    }
    __device__ void put(uint32_t staging, uint32_t lane) const {
#pragma unroll
        for (uint32_t i = 0; i < rounds; i++)
            store_words(place(staging, i * rows_at_once + row_of(lane), chunk_of(lane)), at[i]);
    }
    __device__ void take(uint32_t staging, uint32_t lane) {
#pragma unroll
        for (uint32_t i = 0; i < rounds; i++)
            at[i] = load_words(place(staging, i * rows_at_once + row_of(lane), chunk_of(lane)));
    }
};

/* ---- the end of a product ---- */

template <typename In, typename Out, bool has_gelu, mgk_sm90_form form, uint32_t tile_outputs>
struct finisher {
    using place = layout<tile_outputs>;
    static constexpr bool adds = form == MGK_SM90_ADD, normalises = form == MGK_SM90_NORMALISE;
    static constexpr int sums_count = tile_outputs / 2;
    /* Numbers of each column: bias; scale, or the norm's gain; the gain of the norm to come. */
    static constexpr uint32_t vectors = adds ? 3 : normalises || sizeof(In) == 1 ? 2 : 1;
    static constexpr uint32_t part_columns = sizeof(Out) == 1 && tile_outputs % 128 == 0 ? 128 : 64;
    static constexpr uint32_t parts = tile_outputs / part_columns;
    static constexpr uint32_t part_bytes = part_columns * sizeof(Out);
    static constexpr int words = part_columns * sizeof(Out) / 8; /* of a thread */
    using vectors_of_columns = columns<tile_outputs, vectors>;
    using rows_part = part_of_rows<part_bytes>;

    const task &t;
    uint32_t shared, warpgroup, thread; /* thread: of the warpgroup */
    uint32_t turn = 0;
    vectors_of_columns of_columns = {};
    row_moments moments = {};
    rows_part residual = {};

    __device__ uint32_t lane() const { return thread % 32; }
    __device__ uint32_t staging() const {
        return shared + place::staging + (warpgroup * 4 + thread / 32) * STAGING_BYTES;
    }
    __device__ uint32_t columns_at() const {
        return shared + place::columns + (warpgroup * 2 + turn) * place::column_bytes;
    }
    __device__ size_t stride() const { return (size_t)t.outputs * sizeof(Out); }
    /* Bytes from a matrix's start to what this lane reads and writes of it. */
    __device__ size_t offset(uint32_t row, uint32_t column) const {
        return (size_t)(row + rows_part::row_of(lane())) * stride() + (size_t)column * sizeof(Out) +
               rows_part::chunk_of(lane()) * 16;
    }

    /* Fetches what the end of the tile needs, before its products. */
    __device__ void begin(uint32_t row, uint32_t column) {
        if constexpr (adds)
            of_columns.fetch({t.bias, t.norm.gain, t.norm.output_gain}, {0, 0, 0}, column, thread);
        else if constexpr (normalises)
            of_columns.fetch({t.bias, t.norm.gain}, {0, 0}, column, thread);
        else if constexpr (vectors == 2)
            of_columns.fetch({t.bias, t.scale}, {0, 1}, column, thread);
        else
            of_columns.fetch({t.bias}, {0}, column, thread);
        if constexpr (form != MGK_SM90_PLAIN) moments.fetch(t.norm, row, lane());
        if constexpr (adds) residual.fetch(t.norm.residual + offset(row, column), stride());
    }

    __device__ void end(const float (&sums)[sums_count], uint32_t row, uint32_t column) {
        of_columns.keep(columns_at(), thread);
        warpgroup_sync(warpgroup);
        if (row < t.rows) {
            if constexpr (adds)
                add(sums, row, column);
            else
                write(sums, row, column);
        }
        turn ^= 1;
    }

    /* -- scale, bias, GELU; LayerNorm of the input -- */

    __device__ float finish(float sum, float second, float bias, float rate, float mean) const {
        float y = normalises        ? fmaf(sum, rate, fmaf(-mean, second, bias))
                  : sizeof(In) == 1 ? fmaf(sum, second, bias)
                                    : sum + bias;
        if (has_gelu) y = gelu<gelu_terms<Out>::count>(y, t.gelu);
        return sizeof(Out) == 1 ? y * t.output_scale : y;
    }

    /* One part's numbers as stmatrix takes them. For one byte each, 16 columns go into 16 bytes in
     * the order of the columns' numbers. */
    __device__ void pack_part(const float (&sums)[sums_count], const float (&rate)[2],
                              const float (&mean)[2], uint32_t part, uint32_t (&to)[words]) const {
#pragma unroll
        for (uint32_t i = 0; i < part_columns / 16; i++) {
            const uint32_t sixteen = part * (part_columns / 16) + i;
            float bias[4], second[4] = {0, 0, 0, 0}, y[8];
            vectors_of_columns::read(columns_at(), 0, sixteen, lane(), bias);
            if (vectors > 1) vectors_of_columns::read(columns_at(), 1, sixteen, lane(), second);
#pragma unroll
            for (uint32_t j = 0; j < 8; j++) {
                const uint32_t c = j / 4 * 2 + j % 2, r = j / 2 % 2;
                y[j] = finish(sums[sixteen * 8 + j], second[c], bias[c], rate[r], mean[r]);
            }
            if constexpr (sizeof(Out) == 1) {
                to[2 * i] = pack4(y[0], y[1], y[4], y[5]);
                to[2 * i + 1] = pack4(y[2], y[3], y[6], y[7]);
            } else {
#pragma unroll
                for (uint32_t j = 0; j < 4; j++)
                    to[4 * i + j] = pack2(y[2 * j], y[2 * j + 1], Out());
            }
        }
    }

    static __device__ uint4 in_order(uint4 w) {
        if constexpr (sizeof(Out) == 1)
            return make_uint4(__byte_perm(w.x, w.y, 0x5410), __byte_perm(w.z, w.w, 0x5410),
                              __byte_perm(w.x, w.y, 0x7632), __byte_perm(w.z, w.w, 0x7632));
        else
            return w;
    }

    __device__ void write(const float (&sums)[sums_count], uint32_t row, uint32_t column) const {
        float rate[2] = {1, 1}, mean[2] = {0, 0};
        if constexpr (normalises) {
            const row_norms norms(moments, t.norm, lane());
#pragma unroll
            for (uint32_t i = 0; i < 2; i++)
                rate[i] = norms.rate[i] * t.norm.step, mean[i] = norms.mean[i];
        }
        unsigned char *to = t.output + offset(row, column);
        uint32_t packed[words];
        pack_part(sums, rate, mean, 0, packed);
#pragma unroll
        for (uint32_t part = 0; part < parts; part++) {
#pragma unroll
            for (uint32_t i = 0; i < words / 4; i++)
                store_matrices(rows_part::matrix(staging(), lane(), i), packed + 4 * i);
            __syncwarp();
            rows_part out;
            out.take(staging(), lane());
            /* Before the loads are waited for. */
            if (part + 1 < parts) pack_part(sums, rate, mean, part + 1, packed);
            __syncwarp();
#pragma unroll
            for (uint32_t i = 0; i < rows_part::rounds; i++) {
                const uint32_t below = i * rows_part::rows_at_once;
                if (row + below + rows_part::row_of(lane()) < t.rows)
                    *reinterpret_cast<uint4 *>(to + below * stride() + part * part_bytes) =
                        in_order(out.at[i]);
            }
        }
    }

    /* -- a residual -- */

    /* What a tile's numbers add up to, of the two rows of a lane's sums. */
    struct totals {
        float sum[2] = {0, 0}, squares[2] = {0, 0};
    };

    /* 16 columns: product + norm(residual), which becomes the residual's place's new contents. */
    __device__ void add_sixteen(const float (&sums)[sums_count], const row_norms &norms,
                                uint32_t sixteen, uint32_t matrix, totals &all) const {
        float bias[4], gain[4], output_gain[4];
        uint32_t x[4];
        vectors_of_columns::read(columns_at(), 0, sixteen, lane(), bias);
        vectors_of_columns::read(columns_at(), 1, sixteen, lane(), gain);
        vectors_of_columns::read(columns_at(), 2, sixteen, lane(), output_gain);
        load_matrices(matrix, x);
#pragma unroll
        for (uint32_t j = 0; j < 4; j++) { /* two columns of a row */
            const uint32_t c = j / 2 * 2, r = j % 2;
            const float *sum = &sums[sixteen * 8 + 2 * j];
            float y[2];
            unpack2(x[j], y, Out());
#pragma unroll
            for (uint32_t k = 0; k < 2; k++) {
                const float rest = fmaf(y[k], norms.rate[r], -norms.mean[r] * gain[c + k]);
                y[k] = fmaf(sum[k], t.norm.step, bias[c + k]) + rest;
                all.sum[r] += y[k];
                all.squares[r] = fmaf(y[k], y[k], all.squares[r]);
            }
            x[j] = pack2(y[0] * output_gain[c], y[1] * output_gain[c + 1], Out());
        }
        __syncwarp();
        store_matrices(matrix, x);
    }

    /* Eight numbers of a row, and their E4M3 copies. */
    __device__ void put_eight(uint4 eight, size_t at) const {
        *reinterpret_cast<uint4 *>(t.output + at) = eight;
        if (t.norm.narrow == nullptr) return;
        float y[8];
        load8(reinterpret_cast<const Out *>(&eight), y);
#pragma unroll
        for (uint32_t i = 0; i < 8; i++) y[i] *= t.norm.narrow_scale;
        store8(reinterpret_cast<e4m3 *>(t.norm.narrow + at / sizeof(Out)), y);
    }

    __device__ void put_moments(totals &all, uint32_t row, uint32_t column) const {
#pragma unroll
        for (uint32_t i = 0; i < 2; i++) {
#pragma unroll
            for (uint32_t step = 1; step <= 2; step *= 2) {
                all.sum[i] += __shfl_xor_sync(0xffffffffu, all.sum[i], step);
                all.squares[i] += __shfl_xor_sync(0xffffffffu, all.squares[i], step);
            }
            const uint32_t r = row + lane() / 4 + 8 * i;
            if (lane() % 4 == 0 && r < t.rows)
                t.norm.written[(size_t)(column / tile_outputs) * t.norm.written_stride + r] =
                    make_float2(all.sum[i], all.squares[i]);
        }
    }

    __device__ void add(const float (&sums)[sums_count], uint32_t row, uint32_t column) {
        const row_norms norms(moments, t.norm, lane());
        const size_t from = offset(row, column);
        totals all;
#pragma unroll
        for (uint32_t part = 0; part < parts; part++) {
            residual.put(staging(), lane());
            __syncwarp();
            if (part + 1 < parts)
                residual.fetch(t.norm.residual + from + (part + 1) * part_bytes, stride());
#pragma unroll
            for (uint32_t i = 0; i < part_columns / 16; i++)
                add_sixteen(sums, norms, part * (part_columns / 16) + i,
                            rows_part::matrix(staging(), lane(), i), all);
            __syncwarp();
            rows_part out;
            out.take(staging(), lane());
            __syncwarp();
#pragma unroll
            for (uint32_t i = 0; i < rows_part::rounds; i++) {
                const uint32_t below = i * rows_part::rows_at_once;
                if (row + below + rows_part::row_of(lane()) < t.rows)
                    put_eight(out.at[i], from + below * stride() + part * part_bytes);
            }
        }
        put_moments(all, row, column);
    }
};

#endif

} // namespace sm90

#endif
