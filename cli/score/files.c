/* SPDX-License-Identifier: Apache-2.0 */
/* Names the files of a run, what each is for, and which of them are one. */
#include "score/files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "columnar/open.h"
#include "common/files/file_use.h"
#include "common/files/standard_streams.h"
#include "common/sink.h"

bool files_check_input(const char *path, struct error *error) {
    bool standard = strcmp(path, "-") == 0 || standard_streams_number(path) == STDIN_FILENO;
    if (standard) return standard_streams_check_input(error);
    if (access(path, R_OK) == 0) return true;
    return error_set(error, "%s: cannot read: no such file, or no permission", path);
}

static void add_input(const char *path, struct file_uses *uses) {
    if (strcmp(path, "-") == 0) {
        file_use_add_descriptor(uses, "standard input", FILE_USE_READ, STDIN_FILENO);
    } else {
        file_use_add(uses, path, FILE_USE_READ, path);
    }
}

static void add_inputs(const struct options *options, struct file_uses *uses) {
    for (size_t i = 0; i < options->input_count; i++) add_input(options->inputs[i], uses);
    file_use_add_model(uses, options->model);
}

static void add_outputs(const struct options *options, struct file_uses *uses) {
    if (options->output == NULL) {
        file_use_add_outputs(uses);
    } else {
        /* An input that is replaced could not be read again by a run that goes on. */
        bool replaced = sink_is_replacing(options->output) && !options->resume;
        file_use_add(uses, "--output", replaced ? FILE_USE_REPLACED : FILE_USE_WRITTEN,
                     options->output);
        file_use_add_descriptor(uses, "standard error", FILE_USE_MESSAGES, STDERR_FILENO);
    }
    file_use_add(uses, "--errors", FILE_USE_WRITTEN, options->errors);
    file_use_add(uses, "--summary", FILE_USE_WRITTEN, options->summary);
}

/* What goes on later reads its inputs again, and finds them as they were. */
static bool check_resume(const struct options *options, struct error *error) {
    for (size_t i = 0; options->resume && i < options->input_count; i++) {
        const char *path = options->inputs[i];
        struct stat about;
        bool standard = strcmp(path, "-") == 0 || standard_streams_number(path) >= 0;
        if (!standard && stat(path, &about) == 0 && S_ISREG(about.st_mode)) continue;
        return error_set(error,
                         "--resume: %s cannot be read a second time; write it to a file, and name "
                         "that",
                         standard ? "standard input" : path);
    }
    if (!options->resume || sink_is_replacing(options->output)) return true;
    return error_set(error, "--resume: --output %s is no file beside which parts could lie",
                     options->output);
}

static bool check_stream(const struct options *options, struct error *error) {
    if (!options->stream || options->output == NULL || !sink_is_replacing(options->output)) {
        return true;
    }
    return error_set(error,
                     "--stream answers at once, and --output %s would appear only at the end; "
                     "redirect standard output (> FILE)",
                     options->output);
}

bool files_check(const struct options *options, struct error *error) {
    if (options->output == NULL && !standard_streams_check_output(error)) return false;
    for (size_t i = 0; i < options->input_count; i++) {
        if (!files_check_input(options->inputs[i], error)) return false;
    }
    if (!check_resume(options, error) || !check_stream(options, error)) return false;
    struct file_uses uses = {0};
    add_inputs(options, &uses);
    add_outputs(options, &uses);
    bool done = file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
}

bool files_check_format(const struct options *options, const struct writer_options *writer,
                        struct error *error) {
    const char *name = writer_format_names[writer->format];
    if (!writer_is_columnar(writer->format)) {
        if (writer->compression == COLUMNAR_COMPRESSION_AUTO) return true;
        return error_set(error, "--compression is of Parquet and Arrow; text is compressed by "
                                "another program: mgeo-score … | zstd > FILE");
    }
    if (options->output == NULL && isatty(STDOUT_FILENO)) {
        return error_set(
            error, "%s is no text for a terminal; name a file (-o FILE), or say -f tsv", name);
    }
    if (options->stream && writer->format != WRITER_ARROWS) {
        return error_set(error,
                         "--stream answers at once, and %s can be read once it is whole; say -f "
                         "arrows, or a format of text",
                         name);
    }
    return columnar_open("the output", error) != NULL;
}

bool files_check_report(const struct options *options, struct error *error) {
    if (!standard_streams_check_output(error)) return false;
    if (options->expect == NULL) return true;
    struct file_uses uses = {0};
    add_input(options->expect, &uses);
    file_use_add_model(&uses, options->model);
    file_use_add_outputs(&uses);
    bool done = file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
}
