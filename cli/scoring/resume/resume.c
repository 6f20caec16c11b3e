/* SPDX-License-Identifier: Apache-2.0 */
/* Parts only grow; what the manifest says of their lengths and digests is what counts. Whatever
 * lies behind that was written by a run that did not live to commit it, and is cut off. The output
 * is a part until it is renamed, so that the end takes no time and no second place on the disk.
 *
 * At the end: all is committed as whole; errors are copied; the output is renamed; the summary is
 * written; the parts are removed. A run that dies between finds the manifest say "whole" and does
 * the steps that are missing. */
#include "scoring/resume/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "scoring/column_output.h"
#include "scoring/resume/digest.h"
#include "scoring/resume/identity.h"
#include "scoring/resume/manifest.h"
#include "scoring/resume/paths.h"

static const double most_seconds = 30; /* between two commits, however slow the model is */
enum { EVERY_ROWS = 100000 };
enum { ROWS_ON_CPU = 512, ROWS_ON_GPU = 8192 }; /* of a chunk */

struct part {
    const char *name;
    char *path;
    struct digest digest; /* of what is committed, or about to be */
};

struct resume {
    const struct files *files;
    uint64_t every; /* rows between two commits */
    char *place;    /* of the output */
    char *folder;
    int lock;
    bool went_on;                         /* there was a manifest */
    bool placed;                          /* the output is in its place already */
    const struct writer_options *columns; /* of a file of columns: how it is to be written */
    bool whole;
    struct manifest manifest;
    struct part output, errors, second, answers;
    struct sink *answers_sink;
    uint32_t pairs; /* whose answers are in the part */
    uint64_t rows;
    double committed_at;
};

/* ---- opening and closing --------------------------------------------------------------------- */

static void part_init(struct part *part, const char *folder, const char *name) {
    part->name = name;
    part->path = paths_join(folder, name);
    digest_init(&part->digest);
}

static void part_finish(struct part *part) {
    free(part->path);
    if (part->digest.state != NULL) digest_finish(&part->digest);
}

struct sink *resume_sink(const struct resume *resume, const char *path, struct error *error) {
    char tag[PATHS_TAG];
    paths_tag(resume->folder, tag);
    return sink_open_tagged(path, tag, error);
}

/* So that a file that cannot be written is known now, and not after hours. */
static bool probe(const struct resume *resume, const char *path, struct error *error) {
    struct stat about;
    if (path != NULL && stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        return error_set(error, "%s: cannot write: %s", path, strerror(EISDIR));
    }
    if (path == NULL || !sink_is_replacing(path)) return true;
    struct sink *sink = resume_sink(resume, path, error);
    sink_abandon(sink);
    return sink != NULL;
}

struct resume *resume_open(const struct files *files, uint32_t every, struct error *error) {
    struct resume *opened = memory_zeroed(1, sizeof *opened);
    opened->files = files;
    opened->every = every > 0 ? every : EVERY_ROWS;
    opened->place = sink_place(files->output);
    opened->folder = paths_folder(files->output);
    part_init(&opened->output, opened->folder, "output");
    part_init(&opened->errors, opened->folder, "errors");
    part_init(&opened->second, opened->folder, "second");
    part_init(&opened->answers, opened->folder, "answers");
    opened->lock = paths_claim(opened->folder, error);
    opened->committed_at = clock_seconds();
    int got = -1;
    if (opened->lock >= 0) got = manifest_read(opened->folder, &opened->manifest, error);
    opened->went_on = got != 0;
    if (got >= 0 && probe(opened, files->errors, error) && probe(opened, files->second, error)) {
        return opened;
    }
    resume_close(opened);
    return NULL;
}

void resume_close(struct resume *resume) {
    if (resume == NULL) return;
    sink_abandon(resume->answers_sink);
    if (resume->lock >= 0 && !resume->went_on && resume->rows == 0) paths_remove(resume->folder);
    if (resume->lock >= 0) close(resume->lock);
    manifest_finish(&resume->manifest);
    part_finish(&resume->output);
    part_finish(&resume->errors);
    part_finish(&resume->second);
    part_finish(&resume->answers);
    free(resume->place);
    free(resume->folder);
    free(resume);
}

/* ---- going on -------------------------------------------------------------------------------- */

static void note_name(char to[32], const char *part, const char *what) {
    snprintf(to, 32, "%s-%s", part, what);
}

/* Whether the file begins with what the manifest says of the part. */
static bool check_file(const struct resume *resume, struct part *part, const char *path,
                       struct error *error) {
    char length[32], digest[32], found[DIGEST_TEXT];
    note_name(length, part->name, "bytes");
    note_name(digest, part->name, "digest");
    uint64_t bytes = notes_whole(&resume->manifest.progress, length);
    const char *expected = notes_find(&resume->manifest.progress, digest);
    if (!digest_take_file(&part->digest, path, bytes, true, error)) return false;
    digest_print(&part->digest, found);
    if (expected != NULL && strcmp(found, expected) == 0) return true;
    return error_set(error, "%s: was changed since it was committed", path);
}

/* A run that died after the last rename has left the output in its place. */
static bool check_output(struct resume *resume, struct error *error) {
    resume->placed = resume->whole && access(resume->output.path, F_OK) != 0 && errno == ENOENT;
    /* It was made out of the parts, and says itself whether it is whole. */
    if (resume->placed && resume->columns != NULL) {
        if (access(resume->place, R_OK) == 0) return true;
        return error_set(error, "%s: %s", resume->place, strerror(errno));
    }
    return check_file(resume, &resume->output, resume->placed ? resume->place : resume->output.path,
                      error);
}

static bool check_parts(struct resume *resume, struct error *error) {
    bool done = check_output(resume, error);
    if (done && !resume->placed && resume->files->errors != NULL) {
        done = check_file(resume, &resume->errors, resume->errors.path, error);
    }
    if (done && !resume->placed && resume->files->second != NULL) {
        done = check_file(resume, &resume->second, resume->second.path, error);
    }
    if (done && !resume->whole) {
        done = check_file(resume, &resume->answers, resume->answers.path, error);
    }
    if (done || error->line[0] == '\0') return done;
    struct error why = *error;
    return error_set(error, "%.900s; remove the folder %s to begin anew", why.line, resume->folder);
}

static bool read_answers(const struct resume *resume, char *to, struct error *error) {
    uint64_t length = resume->answers.digest.length, have = 0;
    int descriptor = open(resume->answers.path, O_RDONLY | O_CLOEXEC);
    while (descriptor >= 0 && have < length) {
        ssize_t got = read(descriptor, to + have, (size_t)(length - have));
        if (got <= 0) break;
        have += (uint64_t)got;
    }
    if (descriptor >= 0) close(descriptor);
    return have == length || error_set(error, "%s: cannot read", resume->answers.path);
}

static bool load_answers(struct resume *resume, struct repeats *repeats, struct error *error) {
    size_t length = (size_t)resume->answers.digest.length;
    if (resume->whole) return true;
    char *bytes = memory_resize(NULL, length + 1, 1);
    bool done = read_answers(resume, bytes, error);
    if (done && !repeats_load(repeats, bytes, length)) {
        done = error_set(error, "%s: is damaged; remove the folder %s to begin anew",
                         resume->answers.path, resume->folder);
    }
    free(bytes);
    resume->pairs = repeats_answered(repeats);
    return done;
}

static bool go_on(struct resume *resume, const struct notes *identity,
                  const struct resume_counts *counts, struct repeats *repeats,
                  struct error *error) {
    const struct notes *progress = &resume->manifest.progress;
    if (!identity_same(&resume->manifest.identity, identity, resume->folder, error)) return false;
    resume->whole = notes_whole(progress, "whole") != 0;
    if (!check_parts(resume, error)) return false;
    if (!counts->load(counts->all, progress)) {
        return error_set(error, "%s/manifest: a count is damaged; remove the folder to begin anew",
                         resume->folder);
    }
    resume->rows = *counts->rows;
    return load_answers(resume, repeats, error);
}

const char *resume_noted(const struct resume *resume, const char *name) {
    return notes_find(&resume->manifest.identity, name);
}

bool resume_begin(struct resume *resume, struct notes *identity, const struct resume_counts *counts,
                  struct repeats *repeats, struct error *error) {
    const struct writer_options *writer = &counts->writer->options;
    resume->columns = writer_is_columnar(writer->format) ? writer : NULL;
    if (resume->went_on && !go_on(resume, identity, counts, repeats, error)) return false;
    manifest_finish(&resume->manifest);
    resume->manifest.identity = *identity;
    memset(identity, 0, sizeof *identity);
    resume->answers_sink =
        sink_continue(NULL, resume->answers.path, resume->answers.digest.length, error);
    return resume->answers_sink != NULL;
}

struct sink *resume_output(struct resume *resume, struct error *error) {
    uint64_t length = resume->output.digest.length;
    if (resume->columns != NULL) return sink_continue(NULL, resume->output.path, length, error);
    if (resume->placed) return sink_continue(NULL, resume->place, length, error);
    return sink_continue(resume->place, resume->output.path, length, error);
}

struct sink *resume_errors(struct resume *resume, struct error *error) {
    return sink_continue(NULL, resume->errors.path, resume->errors.digest.length, error);
}

struct sink *resume_second(struct resume *resume, struct error *error) {
    return sink_continue(NULL, resume->second.path, resume->second.digest.length, error);
}

uint64_t resume_rows(const struct resume *resume) { return resume->rows; }

bool resume_has_begun(const struct resume *resume) { return resume->went_on; }

bool resume_is_whole(const struct resume *resume) { return resume->whole; }

const char *resume_folder(const struct resume *resume) { return resume->folder; }

size_t resume_chunk_rows(const struct resume *resume, const mgeo_model_info *info) {
    size_t most = strncmp(info->device, "cuda", 4) == 0 ? ROWS_ON_GPU : ROWS_ON_CPU;
    return resume->every < most ? (size_t)resume->every : most;
}

/* ---- committing ------------------------------------------------------------------------------ */

/* Takes into the digest what was written to the part since the last time, and notes it. */
static bool note_part(struct resume *resume, struct part *part, struct error *error) {
    struct stat about;
    char name[32], digest[DIGEST_TEXT];
    if (stat(part->path, &about) != 0) {
        return error_set(error, "%s: %s", part->path, strerror(errno));
    }
    uint64_t bytes = (uint64_t)about.st_size;
    if (!digest_take_file(&part->digest, part->path, bytes, false, error)) return false;
    digest_print(&part->digest, digest);
    note_name(name, part->name, "bytes");
    notes_add(&resume->manifest.progress, name, "%" PRIu64, part->digest.length);
    note_name(name, part->name, "digest");
    notes_add(&resume->manifest.progress, name, "%s", digest);
    return true;
}

static bool write_answers(struct resume *resume, const struct repeats *repeats,
                          struct error *error) {
    struct string_buffer bytes = {0};
    repeats_save(repeats, resume->pairs, &bytes);
    resume->pairs = repeats_answered(repeats);
    bool done = sink_write(resume->answers_sink, bytes.bytes, bytes.length, error) &&
                sink_sync(resume->answers_sink, error);
    string_buffer_finish(&bytes);
    return done;
}

bool resume_commit(struct resume *resume, const struct resume_counts *counts,
                   const struct repeats *repeats, bool whole, struct error *error) {
    if (resume->whole) return true;
    struct notes *progress = &resume->manifest.progress;
    notes_finish(progress);
    bool done = writer_flush(counts->writer, error) && sink_sync(counts->writer->sink, error) &&
                (counts->row_errors->file == NULL || sink_sync(counts->row_errors->file, error)) &&
                (counts->second == NULL || sink_sync(counts->second, error)) &&
                write_answers(resume, repeats, error);
    done = done && note_part(resume, &resume->output, error) &&
           (counts->row_errors->file == NULL || note_part(resume, &resume->errors, error)) &&
           (counts->second == NULL || note_part(resume, &resume->second, error)) &&
           note_part(resume, &resume->answers, error);
    if (!done) return false;
    notes_add(progress, "whole", "%d", whole);
    counts->save(counts->all, progress);
    if (!manifest_write(resume->folder, &resume->manifest, error)) return false;
    resume->rows = *counts->rows;
    resume->went_on = true;
    resume->whole = whole;
    resume->committed_at = clock_seconds();
    return true;
}

bool resume_step(struct resume *resume, const struct resume_counts *counts,
                 const struct repeats *repeats, struct error *error) {
    bool due = *counts->rows - resume->rows >= resume->every ||
               clock_seconds() - resume->committed_at >= most_seconds;
    return !due || resume_commit(resume, counts, repeats, false, error);
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool copy(int from, struct sink *to, const char *path, struct error *error) {
    char block[8192];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0) {
        if (!sink_write(to, block, (size_t)got, error)) return false;
    }
    return got == 0 || error_set(error, "%s: %s", path, strerror(errno));
}

static bool copy_part(const struct resume *resume, const struct part *part, const char *path,
                      struct error *error) {
    if (path == NULL || resume->placed) return true;
    int from = open(part->path, O_RDONLY | O_CLOEXEC);
    if (from < 0) return error_set(error, "%s: %s", part->path, strerror(errno));
    struct sink *to = resume_sink(resume, path, error);
    bool done = to != NULL && copy(from, to, part->path, error);
    if (done) {
        done = sink_commit(to, error);
    } else {
        sink_abandon(to);
    }
    close(from);
    return done;
}

bool resume_copy_errors(const struct resume *resume, struct error *error) {
    return copy_part(resume, &resume->errors, resume->files->errors, error);
}

bool resume_copy_second(const struct resume *resume, struct error *error) {
    return copy_part(resume, &resume->second, resume->files->second, error);
}

bool resume_convert(const struct resume *resume, struct error *error) {
    if (resume->columns == NULL || resume->placed) return true;
    struct sink *to = resume_sink(resume, resume->files->output, error);
    if (to == NULL || !column_output_convert(resume->columns, resume->output.path, to, error)) {
        sink_abandon(to);
        return false;
    }
    if (!sink_commit(to, error)) return false;
    unlink(resume->output.path); /* by which a run that dies from now on is known */
    return true;
}

void resume_remove(struct resume *resume) { paths_remove(resume->folder); }

void resume_forget(struct resume *resume) {
    char *manifest = paths_join(resume->folder, "manifest");
    unlink(manifest);
    free(manifest);
    paths_remove(resume->folder);
}
