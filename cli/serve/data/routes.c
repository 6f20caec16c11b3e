/* SPDX-License-Identifier: Apache-2.0 */
/* The routes that score, and who reads and answers them. */
#include "serve/data/data_route.h"
#include "serve/data/inference.h"
#include "serve/data/match.h"
#include "serve/data/tei.h"

#define ROUTE(name, of)                                                                            \
    {                                                                                              \
        .method = "POST", .path = (name), .route = (name), .parse = of##_parse,                    \
        .render = of##_render                                                                      \
    }

const struct data_route data_routes[] = {
    ROUTE("/match", match),
    ROUTE("/rerank", rerank),
    ROUTE("/predict", predict),
    ROUTE("/v2/models/{model}/infer", inference),
    ROUTE("/v2/models/{model}/versions/{version}/infer", inference),
    {.path = NULL},
};
