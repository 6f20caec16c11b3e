/* SPDX-License-Identifier: Apache-2.0 */
/* The names of precisions, as options and outputs write them. */
#ifndef CLI_COMMON_PRECISION_H
#define CLI_COMMON_PRECISION_H

#include <stdint.h>

const char *precision_name(int32_t precision); /* an mgeo_precision; "auto" for any other number */

#endif
