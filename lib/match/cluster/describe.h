/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of each row once its cluster is known. */
#ifndef MGI_MATCH_CLUSTER_DESCRIBE_H
#define MGI_MATCH_CLUSTER_DESCRIBE_H

#include "match/cluster/forest.h"

/* Fills members [rows of the forest], whose trees are the clusters. Needs 8 bytes a row.
 * Errors: MGEO_E_MEMORY; members is then as it was. */
mgeo_status mgi_describe_members(const mgi_forest *forest, const mgi_links *links,
                                 mgeo_member *members, mgeo_error *error);

#endif
