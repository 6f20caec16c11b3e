/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays and schemas that others release. */
#include "arrow/export.h"

#include "core/alloc.h"

#include <stdio.h>

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Structs may be moved by copying their bytes, so what they point to lies apart. */
typedef struct array_parts {
    const void *buffers[MGI_ARROW_EXPORT_BUFFERS];
    void *owned[MGI_ARROW_EXPORT_BUFFERS];
    struct ArrowArray *child_pointers[MGI_ARROW_EXPORT_CHILDREN];
    struct ArrowArray children[MGI_ARROW_EXPORT_CHILDREN];
    struct ArrowArray dictionary;
} array_parts;

static void release_array(struct ArrowArray *array) {
    array_parts *parts = array->private_data;
    for (int64_t i = 0; i < array->n_buffers; i++) mgi_free(parts->owned[i]);
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child->release != NULL) child->release(child);
    }
    if (parts->dictionary.release != NULL) parts->dictionary.release(&parts->dictionary);
    mgi_free(parts);
    array->release = NULL;
}

mgeo_status mgi_arrow_export_array(struct ArrowArray *array, int64_t length, mgeo_error *error) {
    *array = (struct ArrowArray){.length = length};
    array_parts *parts = mgi_calloc(1, sizeof *parts);
    if (parts == NULL) return mgi_fail_memory(error, "an Arrow array", sizeof *parts);
    for (int i = 0; i < MGI_ARROW_EXPORT_CHILDREN; i++) {
        parts->child_pointers[i] = &parts->children[i];
    }
    array->buffers = parts->buffers;
    array->private_data = parts;
    array->release = release_array;
    return MGEO_OK;
}

void mgi_arrow_export_buffer(struct ArrowArray *array, void *buffer) {
    array_parts *parts = array->private_data;
    parts->owned[array->n_buffers] = buffer;
    parts->buffers[array->n_buffers] = buffer;
    array->n_buffers++;
}

struct ArrowArray *mgi_arrow_export_child(struct ArrowArray *array) {
    array_parts *parts = array->private_data;
    array->children = parts->child_pointers;
    return &parts->children[array->n_children++];
}

struct ArrowArray *mgi_arrow_export_dictionary(struct ArrowArray *array) {
    array_parts *parts = array->private_data;
    array->dictionary = &parts->dictionary;
    return array->dictionary;
}

/* ---- schemas --------------------------------------------------------------------------------- */

typedef struct schema_parts {
    char format[16];
    struct ArrowSchema *child_pointers[MGI_ARROW_EXPORT_CHILDREN];
    struct ArrowSchema children[MGI_ARROW_EXPORT_CHILDREN];
    struct ArrowSchema dictionary;
} schema_parts;

static void release_schema(struct ArrowSchema *schema) {
    schema_parts *parts = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child->release != NULL) child->release(child);
    }
    if (parts->dictionary.release != NULL) parts->dictionary.release(&parts->dictionary);
    mgi_free(parts);
    schema->release = NULL;
}

mgeo_status mgi_arrow_export_schema(struct ArrowSchema *schema, const char *format,
                                    const char *name, bool nullable, mgeo_error *error) {
    *schema = (struct ArrowSchema){.name = name, .flags = nullable ? ARROW_FLAG_NULLABLE : 0};
    schema_parts *parts = mgi_calloc(1, sizeof *parts);
    if (parts == NULL) return mgi_fail_memory(error, "an Arrow schema", sizeof *parts);
    for (int i = 0; i < MGI_ARROW_EXPORT_CHILDREN; i++) {
        parts->child_pointers[i] = &parts->children[i];
    }
    snprintf(parts->format, sizeof parts->format, "%s", format);
    schema->format = parts->format;
    schema->private_data = parts;
    schema->release = release_schema;
    return MGEO_OK;
}

struct ArrowSchema *mgi_arrow_export_schema_child(struct ArrowSchema *schema) {
    schema_parts *parts = schema->private_data;
    schema->children = parts->child_pointers;
    return &parts->children[schema->n_children++];
}

struct ArrowSchema *mgi_arrow_export_schema_dictionary(struct ArrowSchema *schema) {
    schema_parts *parts = schema->private_data;
    schema->dictionary = &parts->dictionary;
    return schema->dictionary;
}
