/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of values. */
#include "common/choices.h"

#include <mgeo.h>
#include <stddef.h>

#define NAME(name, number, text) [number] = text,

const char *const choices_precisions[] = {MGEO_PRECISION_LIST(NAME) NULL};

const char *const choices_devices[] = {"auto", "cpu", "cuda", "cuda:0", "cuda:*", "torch", NULL};

const char *const choices_encodings[] = {"auto",   "utf-8",  "gb18030", "gbk",
                                         "utf-16", "utf-32", "big5",    NULL};
