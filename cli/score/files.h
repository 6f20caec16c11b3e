/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the files of a run can be what the options make of them. */
#ifndef CLI_SCORE_FILES_H
#define CLI_SCORE_FILES_H

#include "score/options.h"

/* Before anything is written: inputs are there, standard input and output are open if they are
 * used, and nothing that is written is read or written under another name too; only the file of
 * --output may be an input. */
bool files_check(const struct options *options, struct error *error);

/* Once the input is known: whether its rows can be written as that. */
bool files_check_format(const struct options *options, const struct writer_options *writer,
                        struct error *error);

/* The same for --check: standard output, the table of --expect and the model. */
bool files_check_report(const struct options *options, struct error *error);

/* Whether one input is there, or for "-" standard input is open. */
bool files_check_input(const char *path, struct error *error);

#endif
