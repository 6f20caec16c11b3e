/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over a journal's lines: once to count, once to print. */
#include "journal/scan.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sink.h"
#include "common/string_buffer.h"
#include "input/lines.h"
#include "journal/event_row.h"

/* What is done with a line; json is NULL if it is no JSON object. */
typedef bool (*visitor)(void *context, const struct line *line, const json_t *json,
                        struct error *error);

static bool walk_open(struct input *input, uint64_t most, visitor visit, void *context,
                      struct error *error) {
    struct lines lines;
    struct line line;
    int got = 0;
    bool done = true;
    lines_init(&lines, input);
    while (done && (most == 0 || lines.number < most) &&
           (got = lines_next(&lines, &line, error)) > 0) {
        json_t *json = json_loadb(line.text, line.length, 0, NULL);
        done = visit(context, &line, json_is_object(json) ? json : NULL, error);
        json_decref(json);
    }
    lines_finish(&lines);
    return done && got >= 0;
}

/* A journal is UTF-8, whatever its texts look like. */
static const struct input_options plain_text = {.encoding = "utf-8", .quiet = true};

/* The first `most` lines; 0: all. */
static bool walk(const char *path, uint64_t most, visitor visit, void *context,
                 struct error *error) {
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        return error_set(error, "%s: not a regular file, which a journal is", path);
    }
    struct input *input = input_open(path, &plain_text, error);
    if (input == NULL) return false;
    bool done = walk_open(input, most, visit, context, error);
    input_close(input);
    return done;
}

/* ---- printing -------------------------------------------------------------------------------- */

struct printing {
    const struct options *options;
    const mgeo_journal_report *report;
    struct sink *output;
    struct string_buffer text;
    uint64_t chosen; /* so far */
    uint64_t skip;   /* of the chosen ones, from the first on */
    bool terminal;   /* lines that stand as in the file must not steer it */
    bool marked;     /* the mark before the first unsound line is printed */
};

static bool is_chosen(const struct options *options, const json_t *json) {
    if (options->event == NULL) return true;
    const char *event = json_string_value(json_object_get(json, "event"));
    return event != NULL && strcmp(event, options->event) == 0;
}

static bool count_line(void *context, const struct line *line, const json_t *json,
                       struct error *error) {
    (void)line;
    (void)error;
    struct printing *printing = context;
    printing->chosen += is_chosen(printing->options, json);
    return true;
}

/* What has gathered, once it is worth it; or all of it. */
static bool put_out(struct printing *printing, bool all, struct error *error) {
    enum { PIECE = 64 * 1024 };
    if (!all && printing->text.length < PIECE) return true;
    bool done = sink_write(printing->output, printing->text.bytes, printing->text.length, error);
    string_buffer_clear(&printing->text);
    return done;
}

static void mark_unsound(struct printing *printing, uint64_t number) {
    uint64_t bad = printing->report->bad_line;
    if (printing->marked || bad == 0 || number < bad || printing->options->json) return;
    printing->marked = true;
    string_buffer_put(&printing->text, "------  not sound from here on\n");
}

static bool print_line(void *context, const struct line *line, const json_t *json,
                       struct error *error) {
    struct printing *printing = context;
    if (!is_chosen(printing->options, json)) return true;
    if (printing->chosen++ < printing->skip) return true;
    mark_unsound(printing, line->number);
    if (printing->options->json) {
        (printing->terminal ? string_buffer_shown : string_buffer_add)(&printing->text, line->text,
                                                                       line->length);
        string_buffer_put(&printing->text, "\n");
    } else if (json != NULL) {
        event_row_write(&printing->text, json);
    } else {
        string_buffer_format(&printing->text, "%6llu  not a line of a journal\n",
                             (unsigned long long)line->number);
    }
    return put_out(printing, false, error);
}

bool scan_print(const struct options *options, const mgeo_journal_report *report,
                struct error *error) {
    struct printing printing = {
        .options = options, .report = report, .terminal = isatty(STDOUT_FILENO)};
    if (report->bad_line == 0 && report->lines == 0) return true; /* 0 would mean all */
    uint64_t most = report->bad_line == 0 ? report->lines : 0;
    printing.output = sink_open(NULL, error);
    bool done = printing.output != NULL;
    if (done && options->last > 0) {
        done = walk(options->path, most, count_line, &printing, error);
        printing.skip = printing.chosen > options->last ? printing.chosen - options->last : 0;
        printing.chosen = 0;
    }
    if (!options->json) event_row_heading(&printing.text);
    done = done && walk(options->path, most, print_line, &printing, error) &&
           put_out(&printing, true, error);
    string_buffer_finish(&printing.text);
    if (done) return sink_commit(printing.output, error);
    sink_abandon(printing.output);
    return false;
}

/* ---- a hash ---------------------------------------------------------------------------------- */

struct finding {
    const char *hash;
    bool found;
};

/* Each line carries the hash of the one before; the first carries none. */
static bool find_in_line(void *context, const struct line *line, const json_t *json,
                         struct error *error) {
    (void)error;
    struct finding *finding = context;
    const char *prev = json_string_value(json_object_get(json, "prev"));
    if (line->number > 1 && prev != NULL && strcmp(prev, finding->hash) == 0) {
        finding->found = true;
    }
    return true;
}

bool scan_find_hash(const struct options *options, const mgeo_journal_report *report, bool *found,
                    struct error *error) {
    struct finding finding = {.hash = options->hash,
                              .found = strcmp(options->hash, report->last_hash) == 0};
    bool done =
        report->lines == 0 || walk(options->path, report->lines, find_in_line, &finding, error);
    *found = finding.found;
    return done;
}
