/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the files of a run can be what the options make of them. */
#ifndef CLI_SCORE_FILES_H
#define CLI_SCORE_FILES_H

#include "score/options.h"

/* Before anything is written: inputs are there, standard input and output are open if they are
 * used, and nothing that is written is read or written under another name too; only the file of
 * --output may be an input. */
bool files_check(const struct options *options, struct error *error);

#endif
