/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the public functions share: the checks that every call begins with.
 *
 * Who checks what: here pointers, sizes and enums are checked, what a caller's struct says of
 * itself, and that every number is in its range. lib/engine checks what needs knowledge: whether
 * there is a model, whether a gate or a watch makes sense, whether something else is under way.
 * Nothing is checked in both. */
#ifndef MGI_API_CHECK_H
#define MGI_API_CHECK_H

#include "api/abi.h"
#include "engine/engine.h"

/* Errors: MGEO_E_ARGUMENT, MGEO_E_FORKED. */
mgeo_status mgi_check_engine(const mgeo_engine *engine, mgeo_error *error);

/* An array of `count` items of `size` bytes: can it be? Errors of this and what follows:
 * MGEO_E_ARGUMENT. */
mgeo_status mgi_check_array(size_t count, size_t size, const char *what, mgeo_error *error);

/* An array of `count` pairs. */
mgeo_status mgi_check_pairs(const mgeo_pair *pairs, size_t count, mgeo_error *error);

/* A struct of `type` that the call is to fill: the parameter `name`. */
mgeo_status mgi_check_output(const void *output, const char *name, const char *type,
                             mgeo_error *error);

/* A member that is 0 or 1. */
mgeo_status mgi_check_switch(uint32_t value, const char *name, mgeo_error *error);

/* The end of every public function that can fail: clears *error on success. */
mgeo_status mgi_check_conclude(mgeo_status status, mgeo_error *error);

#endif
