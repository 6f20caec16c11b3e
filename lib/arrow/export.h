/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays and schemas that others release: each owns its buffers, children and dictionary, and each
 * child can be moved out and released alone, as Arrow's C data interface has it. */
#ifndef MGI_ARROW_EXPORT_H
#define MGI_ARROW_EXPORT_H

#include "core/status.h"

#include <stdbool.h>

enum { MGI_ARROW_EXPORT_CHILDREN = 6, MGI_ARROW_EXPORT_BUFFERS = 3 };

/* An array without children or buffers; the functions below add them. On failure release is NULL.
 * Errors of all: MGEO_E_MEMORY. */
mgeo_status mgi_arrow_export_array(struct ArrowArray *array, int64_t length, mgeo_error *error);

/* Adds a buffer, made by core/alloc.h, which the array owns from here on. */
void mgi_arrow_export_buffer(struct ArrowArray *array, void *buffer);

/* The next child or the dictionary, zeroed, for the caller to fill by mgi_arrow_export_array. */
struct ArrowArray *mgi_arrow_export_child(struct ArrowArray *array);
struct ArrowArray *mgi_arrow_export_dictionary(struct ArrowArray *array);

/* The same of schemas. The format's text is copied, and is short; the name is static. */
mgeo_status mgi_arrow_export_schema(struct ArrowSchema *schema, const char *format,
                                    const char *name, bool nullable, mgeo_error *error);
struct ArrowSchema *mgi_arrow_export_schema_child(struct ArrowSchema *schema);
struct ArrowSchema *mgi_arrow_export_schema_dictionary(struct ArrowSchema *schema);

#endif
