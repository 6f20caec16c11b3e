/* SPDX-License-Identifier: Apache-2.0 */
/* Values that options of several programs may have; NULL ends each list. */
#ifndef CLI_COMMON_CHOICES_H
#define CLI_COMMON_CHOICES_H

extern const char *const choices_precisions[]; /* by mgeo_precision: "auto", "fp32" … */
extern const char *const choices_devices[];    /* the usual ones; there are others, as "cuda:1" */

extern const char *const choices_encodings[]; /* the usual ones; iconv knows others */

#endif
