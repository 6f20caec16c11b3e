/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of mgeo.h as Ruby's hashes, both ways. */
#ifndef MGEO_RUBY_RECORDS_H
#define MGEO_RUBY_RECORDS_H

#include "shapes.h"

#include <ruby.h>

/* Zeroed bytes that stay where they are for as long as *owner is referred to. */
void *record_memory(VALUE *owner, size_t bytes);

/* A text's bytes, copied and NUL-terminated, owned by the array `held`. */
const char *record_text(VALUE text, VALUE held);

/* A whole number from 0 to `most`; raises RangeError for another, with `name`. */
uint64_t record_whole(const char *name, VALUE value, uint64_t most);

/* Fills members in from a hash (or nil) with symbols as keys. Texts are copied and kept in `held`,
 * an array, which must outlive the struct's use. Raises ArgumentError for what does not fit. */
void record_fill(const shape *shape, void *record, VALUE hash, VALUE held);

/* A new hash with all members that Ruby can hold. */
VALUE record_hash(const shape *shape, const void *record);

/* The enumerator that a symbol or string names. `enum_name` is as in mgeo.h. */
int32_t record_enumerator(const char *enum_name, VALUE word);

/* Mgeo.members("mgeo_stats") and Mgeo.enumerators("mgeo_row_flag"), for lib/mgeo.rb. */
VALUE record_members(VALUE self, VALUE struct_name);
VALUE record_enumerators(VALUE self, VALUE enum_name);

#endif
