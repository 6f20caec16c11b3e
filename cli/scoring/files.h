/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the files of a run can be what the options make of them. */
#ifndef CLI_SCORING_FILES_H
#define CLI_SCORING_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/files/file_use.h"
#include "scoring/writer.h"

enum { FILES_MODELS = 2 };

/* The files that options name; all borrowed. */
struct files {
    const char *const *inputs; /* "-" is standard input */
    size_t input_count;
    const char *kept[2];                   /* also read, and of use after the run; NULL: none */
    const char *before;                    /* also read, before the output is written; NULL: none */
    const char *models[FILES_MODELS];      /* model directories; NULL: none, or the bundled one */
    const char *output, *errors, *summary; /* NULL: none; output: standard output */
    const char *second, *second_option;    /* another table that is written, and what names it */
    bool stream, resume;
    const char *twice; /* the option for which inputs are read twice, beside --resume; NULL: none */
};

/* Before anything is written: inputs are there, standard input and output are open if they are
 * used, and nothing that is written is read or written under another name too; only the file of
 * --output may be an input. */
bool files_check(const struct files *files, struct error *error);

/* Once the input is known: whether its rows can be written as that. */
bool files_check_format(const struct files *files, const struct writer_options *writer,
                        struct error *error);

/* Whether one input is there, or for "-" standard input is open. */
bool files_check_input(const char *path, struct error *error);

/* Adds an input to the files that must not be written. */
void files_add_input(const char *path, struct file_uses *uses);

#endif
