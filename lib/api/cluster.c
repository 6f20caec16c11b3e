/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters, as the public function sees them. */
#include "match/cluster/cluster.h"

#include "api/check.h"
#include "core/names.h"

#include <math.h>

static mgeo_status check_numbers(const mgeo_cluster_options *known, mgeo_error *error) {
    if (!isfinite(known->threshold)) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_cluster_options.threshold is %g: no score",
                        (double)known->threshold);
    }
    if (!isfinite(known->least_link)) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_cluster_options.least_link is %g: no score",
                        (double)known->least_link);
    }
    if (mgi_names_has_cut(known->cut)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_cluster_options.cut is %d: not an mgeo_cut",
                    (int)known->cut);
}

static mgeo_status check_guards(const mgeo_cluster_options *known, mgeo_error *error) {
    if (known->one_to_one != 0 && known->source == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_cluster_options.one_to_one is 1 and source is NULL: it needs the "
                        "source of each row");
    }
    bool guarded = known->max_size != 0 || known->least_link != 0 || known->one_to_one != 0;
    if (known->cut != MGEO_CUT_NONE || !guarded) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "mgeo_cluster_options.cut is none and a guard is given (max_size, least_link "
                    "or one_to_one): choose a cut that keeps it");
}

static mgeo_status read_options(mgeo_cluster_options *known, const mgeo_cluster_options *options,
                                mgeo_error *error) {
    mgeo_status status = mgi_abi_read(known, sizeof *known, options, "mgeo_cluster_options", error);
    if (status == MGEO_OK && known->reserved != 0) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_cluster_options.reserved is not 0");
    }
    if (status == MGEO_OK) status = check_numbers(known, error);
    if (status == MGEO_OK) {
        status = mgi_check_switch(known->one_to_one, "mgeo_cluster_options.one_to_one", error);
    }
    if (status == MGEO_OK) status = check_guards(known, error);
    return status;
}

mgeo_status mgeo_cluster(const mgeo_link *links, size_t count, uint64_t rows,
                         const mgeo_cluster_options *options, mgeo_member *members,
                         mgeo_error *error) {
    mgeo_cluster_options known;
    if (count > 0 && links == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "links is NULL");
    if (rows > 0 && members == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "members is NULL");
    mgeo_status status = mgi_check_array(count, sizeof *links, "links", error);
    if (status == MGEO_OK) status = read_options(&known, options, error);
    if (status == MGEO_OK) status = mgi_cluster(links, count, rows, &known, members, error);
    return mgi_check_conclude(status, error);
}
