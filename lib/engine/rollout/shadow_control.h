/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the share of calls that are shadowed. */
#ifndef MGI_ENGINE_ROLLOUT_SHADOW_CONTROL_H
#define MGI_ENGINE_ROLLOUT_SHADOW_CONTROL_H

#include "core/status.h"

/* As mgeo_set_shadow. */
mgeo_status mgi_shadow_control_set_share(mgeo_engine *engine, uint32_t share,
                                         const mgeo_shadow_options *options, mgeo_error *error);

#endif
