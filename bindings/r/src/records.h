/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of mgeo.h as R's lists, both ways. */
#ifndef MGEO_R_RECORDS_H
#define MGEO_R_RECORDS_H

#include "shapes.h"

#define R_NO_REMAP
#include <Rinternals.h>

/* Fills members in from a named list (or NULL), whose texts must outlive the struct's use. An R
 * error where something does not fit. */
void record_fill(const shape *shape, void *record, SEXP list);

/* A named list of all members that R can hold. */
SEXP record_list(const shape *shape, const void *record);

/* `count` records in a row, as a data frame. */
SEXP record_frame(const shape *shape, const void *records, size_t count);

/* The enumerator that a string names. `enum_name` is as in mgeo.h. */
int32_t record_enumerator(const char *enum_name, SEXP word);

/* The numbers of an enum, named by its words. */
SEXP record_enumerators(SEXP enum_name);

#endif
