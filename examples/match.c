/* SPDX-License-Identifier: Apache-2.0 */
/* Puts three addresses into an index and prints the best two of them for the text given.
 * Build: cc match.c $(pkg-config --cflags --libs libmgeo) -o match */
#include <mgeo.h>

#include <stdio.h>

#define N MGEO_NUL_TERMINATED

int main(int argc, char **argv) {
    const mgeo_record records[] = {{"A1", N, "杭州市西湖区文三路90号东部软件园", N},
                                   {"A2", N, "杭州市西湖区文二路90号", N},
                                   {"A3", N, "成都市锦江区北新街58号", N}};
    const mgeo_text query = {argc > 1 ? argv[1] : "杭州西湖區文二路九十號", N};
    const mgeo_search_options options = {.struct_size = sizeof options, .top = 2};
    mgeo_index *index = NULL;
    mgeo_candidates *found = NULL;
    mgeo_error error;

    if (mgeo_index_create(NULL, &index, &error) || mgeo_index_put(index, records, 3, &error) ||
        mgeo_index_search(index, &query, 1, &options, &found, &error)) {
        fprintf(stderr, "match: %s\n", error.message);
        mgeo_index_destroy(index);
        return 1;
    }
    size_t count = 0;
    const mgeo_candidate *best = mgeo_candidates_of(found, 0, &count);
    for (size_t i = 0; i < count; i++) {
        printf("%s %s%s\n", best[i].id, best[i].text,
               best[i].flags & MGEO_CANDIDATE_SAME_FORM ? " (same form)" : "");
    }
    mgeo_candidates_destroy(found);
    mgeo_index_destroy(index);
    return 0;
}
