/* SPDX-License-Identifier: Apache-2.0 */
/* Names model directories, and files given in their place, that were made for other
 * programs. */
#ifndef MGI_MODEL_FORMATS_FOREIGN_H
#define MGI_MODEL_FORMATS_FOREIGN_H

#include "core/regular_file.h"
#include "core/status.h"

/* Refuses a directory in which `missing` ("config.json", "no weights: …") was looked for in vain:
 * the line says what is there instead, and what to do, where that can be told.
 * Errors: MGEO_E_IO, MGEO_E_MEMORY. */
mgeo_status mgi_foreign_fail_missing(const char *directory, const char *missing, mgeo_error *error);

/* Refuses a directory whose answer would be another one than that of its weights: adapters stand
 * beside them. Errors: MGEO_E_UNSUPPORTED, MGEO_E_MEMORY. */
mgeo_status mgi_foreign_refuse_adapters(const char *directory, mgeo_error *error);

/* What a file is by its name, and what to do: "an ONNX model: …"; NULL: its name tells nothing. */
const char *mgi_foreign_file_kind(const char *name);

/* Refuses a file that by its first bytes is something else than its name says. `archive`: a zip
 * archive is expected. Errors: MGEO_E_FORMAT (what it is, and what to do), MGEO_E_IO. */
mgeo_status mgi_foreign_check_content(const mgi_regular_file *file, bool archive,
                                      mgeo_error *error);

#endif
