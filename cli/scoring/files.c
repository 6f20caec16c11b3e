/* SPDX-License-Identifier: Apache-2.0 */
/* Names the files of a run, what each is for, and which of them are one. */
#include "scoring/files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "columnar/open.h"
#include "common/files/standard_streams.h"
#include "common/message.h"
#include "common/sink.h"

bool files_check_input(const char *path, struct error *error) {
    bool standard = strcmp(path, "-") == 0 || standard_streams_number(path) == STDIN_FILENO;
    if (standard) return standard_streams_check_input(error);
    if (access(path, R_OK) == 0) return true;
    return error_set(error, "%s: cannot read: no such file, or no permission", path);
}

void files_add_input(const char *path, struct file_uses *uses) {
    if (strcmp(path, "-") == 0) {
        file_use_add_descriptor(uses, "standard input", FILE_USE_READ, STDIN_FILENO);
    } else {
        file_use_add(uses, path, FILE_USE_READ, path);
    }
}

static void add_inputs(const struct files *files, struct file_uses *uses) {
    for (size_t i = 0; i < files->input_count; i++) files_add_input(files->inputs[i], uses);
    for (size_t i = 0; i < sizeof files->kept / sizeof *files->kept; i++) {
        file_use_add(uses, files->kept[i], FILE_USE_KEPT, files->kept[i]);
    }
    file_use_add(uses, files->before, FILE_USE_READ, files->before);
    for (size_t i = 0; i < FILES_MODELS; i++) file_use_add_model(uses, files->models[i]);
}

static void add_outputs(const struct files *files, struct file_uses *uses) {
    if (files->output == NULL) {
        file_use_add_outputs(uses);
    } else {
        /* An input that is replaced could not be read again by a run that goes on. */
        bool replaced = sink_is_replacing(files->output) && !files->resume;
        file_use_add(uses, "--output", replaced ? FILE_USE_REPLACED : FILE_USE_WRITTEN,
                     files->output);
        file_use_add_descriptor(uses, "standard error", FILE_USE_MESSAGES, STDERR_FILENO);
    }
    file_use_add(uses, "--errors", FILE_USE_WRITTEN, files->errors);
    file_use_add(uses, "--summary", FILE_USE_WRITTEN, files->summary);
    file_use_add(uses, files->second_option, FILE_USE_WRITTEN, files->second);
}

/* What goes on later reads its inputs again, and finds them as they were. */
static bool check_reading_twice(const struct files *files, struct error *error) {
    const char *option = files->resume ? "--resume" : files->twice;
    for (size_t i = 0; option != NULL && i < files->input_count; i++) {
        const char *path = files->inputs[i];
        struct stat about;
        bool standard = strcmp(path, "-") == 0 || standard_streams_number(path) >= 0;
        bool there = !standard && stat(path, &about) == 0;
        if (there && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) continue;
        return error_set(error,
                         "%s: %s cannot be read a second time; write it to a file, and name "
                         "that",
                         option, standard ? "standard input" : path);
    }
    if (!files->resume || sink_is_replacing(files->output)) return true;
    return error_set(error, "--resume: --output %s is no file beside which parts could lie",
                     files->output);
}

static bool check_stream(const struct files *files, struct error *error) {
    if (!files->stream || files->output == NULL || !sink_is_replacing(files->output)) {
        return true;
    }
    return error_set(error,
                     "--stream answers at once, and --output %s would appear only at the end; "
                     "redirect standard output (> FILE)",
                     files->output);
}

bool files_check(const struct files *files, struct error *error) {
    if (files->output == NULL && !standard_streams_check_output(error)) return false;
    for (size_t i = 0; i < files->input_count; i++) {
        if (!files_check_input(files->inputs[i], error)) return false;
    }
    if (!check_reading_twice(files, error) || !check_stream(files, error)) return false;
    struct file_uses uses = {0};
    add_inputs(files, &uses);
    add_outputs(files, &uses);
    bool done = file_use_check(&uses, error);
    file_use_finish(&uses);
    return done;
}

bool files_check_format(const struct files *files, const struct writer_options *writer,
                        struct error *error) {
    const char *name = writer_format_names[writer->format];
    if (!writer_is_columnar(writer->format)) {
        if (writer->compression == COLUMNAR_COMPRESSION_AUTO) return true;
        return error_set(error,
                         "--compression is of Parquet and Arrow; text is compressed by another "
                         "program: %s … | zstd > FILE",
                         message_program());
    }
    if (files->output == NULL && isatty(STDOUT_FILENO)) {
        return error_set(
            error, "%s is no text for a terminal; name a file (-o FILE), or say -f tsv", name);
    }
    if (files->stream && writer->format != WRITER_ARROWS) {
        return error_set(error,
                         "--stream answers at once, and %s can be read once it is whole; say -f "
                         "arrows, or a format of text",
                         name);
    }
    return columnar_open("the output", error) != NULL;
}
