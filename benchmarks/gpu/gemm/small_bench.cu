/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a few rows: are they right, and how long do they take in a chain, next to cublasLt?
 *
 *   small_bench          (all; "check" or "time" as an argument: only that half)
 *
 * Checks compare with a plain fp32 kernel over poisoned outputs. Times are of graphs of 48
 * products, 12 layers of weights that no cache holds; each is the median of 200 replays. */
#include "gpu/gemm/small_bench.cuh"

#include <cstring>

cudaStream_t stream;
bool warpgroups;
int failures;

int main(int argc, char **argv) {
    bool check = argc < 2 || !strcmp(argv[1], "check"), time = argc < 2 || !strcmp(argv[1], "time");
    cudaDeviceProp card;
    CHECK(cudaGetDeviceProperties(&card, 0));
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    allocate_memory();
    mgk_cuda_gemm p = make_product(MGK_CUDA_BF16, MGK_CUDA_BF16, 45, SHAPES[0]);
    if (!mgk_gemm_small_supports(&p)) {
        printf("%s: not supported\n", card.name);
        return 1;
    }
    warpgroups = mgk_gemm_small_choose(&p).warpgroup;
    printf("%s, warpgroup kernels: %s\n", card.name, warpgroups ? "yes" : "no");
    if (check) check_all();
    run_chains(check, time);
    CHECK(cudaDeviceSynchronize());
    printf("%s\n", failures ? "FAILED" : "all passed");
    return failures != 0;
}
