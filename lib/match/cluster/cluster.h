/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters of rows from links between them. */
#ifndef MGI_MATCH_CLUSTER_CLUSTER_H
#define MGI_MATCH_CLUSTER_CLUSTER_H

#include "core/status.h"

/* mgeo_cluster with options that were read and checked.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_cluster(const mgeo_link *links, size_t count, uint64_t rows,
                        const mgeo_cluster_options *options, mgeo_member *members,
                        mgeo_error *error);

#endif
