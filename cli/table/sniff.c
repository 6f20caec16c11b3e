/* SPDX-License-Identifier: Apache-2.0 */
/* Tries the dialects that there are on the first records: the one that cuts them alike is it. */
#include "table/sniff.h"

#include <string.h>

#include "table/json_record.h"
#include "table/record.h"

enum { RECORDS = 500 };

struct sample {
    const char *bytes;
    size_t length;
    bool whole;
    char end; /* of its lines */
};

/* How a dialect cuts the sample. */
struct measure {
    size_t records, widths[RECORDS];
    size_t width, alike; /* of the records after the first: most have this width; so many have */
    size_t first;        /* the first one's width */
    size_t faults;
    bool matters;     /* quotes are doubled, or hold a delimiter or a line end */
    bool spans;       /* a record goes over a line end */
    bool empty_tails; /* each after the first ends in an empty cell */
    bool row_names;   /* each after the first begins with a number, or a cell in quotes */
};

static bool next_line(const struct sample *sample, size_t *at, struct table_cell *line) {
    if (*at >= sample->length) return false;
    const char *from = sample->bytes + *at;
    size_t left = sample->length - *at;
    const char *stop = memchr(from, sample->end, left);
    if (stop == NULL && !sample->whole && *at > 0) return false; /* cut off */
    *line = (struct table_cell){from, stop != NULL ? (size_t)(stop - from) : left};
    *at += line->length + 1;
    if (line->length > 0 && line->text[line->length - 1] == '\r') line->length--;
    return true;
}

/* Goes on while the record is open; it stays one line if it never closes. False: cut off. */
static bool extend(const struct sample *sample, const struct dialect *dialect, size_t *at,
                   struct table_cell *record, enum record_fault *fault) {
    size_t next = *at;
    struct table_cell line;
    enum record_fault now = RECORD_OPEN;
    while (now == RECORD_OPEN && next_line(sample, &next, &line)) {
        now = record_continue(dialect, line);
    }
    if (now == RECORD_OPEN && !sample->whole) return false;
    if (now != RECORD_SOUND) return true;
    record->length = (size_t)(line.text + line.length - record->text);
    *fault = RECORD_SOUND;
    *at = next;
    return true;
}

static bool is_quoted(const struct dialect *dialect, struct table_cell record,
                      const struct record_cell *cell) {
    return cell->fault == RECORD_SOUND && cell->inner.text > record.text &&
           cell->inner.text[-1] == dialect_quote(dialect);
}

/* A number, a date or nothing: what is seldom quoted where texts are. */
static bool is_number(struct table_cell cell) {
    size_t at = 0;
    while (at < cell.length && memchr("0123456789.+-eENA ", cell.text[at], 18) != NULL) at++;
    return at == cell.length;
}

/* What R writes as a row's name: its number, or a text in quotes. */
static bool may_name_row(const struct dialect *dialect, struct table_cell record,
                         const struct record_cell *cell) {
    if (is_quoted(dialect, record, cell)) return true;
    for (size_t i = 0; i < cell->inner.length; i++) {
        if (cell->inner.text[i] < '0' || cell->inner.text[i] > '9') return false;
    }
    return cell->inner.length > 0;
}

static void look_inside(const struct dialect *dialect, struct table_cell record,
                        struct measure *measure) {
    size_t at = 0;
    struct record_cell cell = {0};
    bool begins = measure->records > 0;
    while (record_next(dialect, record, &at, &cell)) {
        if (begins && !may_name_row(dialect, record, &cell)) measure->row_names = false;
        begins = false;
        if (!dialect->quoted || cell.fault != RECORD_SOUND) continue;
        if (is_quoted(dialect, record, &cell) &&
            (cell.doubled ||
             memchr(cell.inner.text, dialect->delimiter, cell.inner.length) != NULL)) {
            measure->matters = true;
        }
    }
    if (measure->records > 0 && cell.inner.length > 0) measure->empty_tails = false;
}

static void find_width(struct measure *measure) {
    size_t votes = 0;
    for (size_t i = 1; i < measure->records; i++) { /* the majority, if there is one */
        if (votes == 0) measure->width = measure->widths[i];
        votes += measure->widths[i] == measure->width ? 1 : (size_t)-1;
    }
    for (size_t i = 1; i < measure->records; i++) {
        measure->alike += measure->widths[i] == measure->width;
    }
    if (measure->records > 0) measure->first = measure->widths[0];
}

static void take_measure(const struct sample *sample, struct dialect dialect,
                         struct measure *measure) {
    *measure = (struct measure){.empty_tails = true, .row_names = true};
    size_t at = 0;
    struct table_cell record;
    while (measure->records < RECORDS && next_line(sample, &at, &record)) {
        enum record_fault fault;
        size_t width = record_count(&dialect, record, &fault), line = record.length;
        if (fault == RECORD_OPEN && !extend(sample, &dialect, &at, &record, &fault)) break;
        if (record.length == 0) continue;
        if (record.length > line) {
            measure->spans = measure->matters = true;
            width = record_count(&dialect, record, NULL);
        }
        measure->faults += fault != RECORD_SOUND;
        look_inside(&dialect, record, measure);
        measure->widths[measure->records++] = width;
    }
    find_width(measure);
}

/* All cells of line 1 are quoted, numbers aside, and at least one is. */
static bool first_all_quoted(const struct sample *sample, const struct dialect *dialect) {
    size_t at = 0, quoted = 0;
    struct table_cell line;
    struct record_cell cell;
    if (!next_line(sample, &at, &line)) return false;
    at = 0;
    while (record_next(dialect, line, &at, &cell)) {
        if (is_quoted(dialect, line, &cell)) {
            quoted++;
        } else if (!is_number(cell.inner)) {
            return false;
        }
    }
    return quoted > 0;
}

/* Whether each text of a record is quoted; *quoted adds up how many. */
static bool texts_quoted(const struct dialect *dialect, struct table_cell record, size_t *quoted) {
    size_t at = 0;
    struct record_cell cell;
    while (record_next(dialect, record, &at, &cell)) {
        if (cell.fault != RECORD_SOUND) return false;
        if (is_quoted(dialect, record, &cell)) {
            ++*quoted;
        } else if (strspn(cell.inner.text, " ") < cell.inner.length && !is_number(cell.inner)) {
            return false;
        }
    }
    return true;
}

/* Whether all texts of the sample are quoted as the dialect has it: those of line 1, which may be
 * a header, if they are all that there is. */
static bool all_quoted(const struct sample *sample, const struct dialect *dialect) {
    size_t at = 0, records = 0, quoted = 0, first = 0, width = 0;
    struct table_cell record;
    while (records < RECORDS && next_line(sample, &at, &record)) {
        enum record_fault fault;
        record_count(dialect, record, &fault);
        if (fault == RECORD_OPEN && !extend(sample, dialect, &at, &record, &fault)) break;
        if (record.length == 0) continue;
        size_t cells = record_count(dialect, record, &fault);
        if (fault != RECORD_SOUND || cells < 2 || cells < width) return false;
        if (records == 0) width = cells;
        bool all = texts_quoted(dialect, record, records == 0 ? &first : &quoted);
        if (!all && records > 0) return false;
        if (!all) first = 0;
        records++;
    }
    return records == 1 ? first > 0 : quoted > 0;
}

/* Whether blanks stand between a delimiter and a quote. */
static bool has_padding(const struct sample *sample, char delimiter, char quote) {
    const char before[] = {delimiter, ' ', quote}, after[] = {quote, ' ', delimiter};
    if (delimiter == ' ') return false;
    return memmem(sample->bytes, sample->length, before, 3) != NULL ||
           memmem(sample->bytes, sample->length, after, 3) != NULL;
}

/* Quotes as other programs write them, where all texts are quoted so. */
static void find_quotes(const struct sample *sample, struct dialect *dialect) {
    for (int way = 1; way < 4; way++) {
        struct dialect tried = *dialect;
        tried.quoted = true;
        tried.single = way >= 2;
        tried.padded = way != 2;
        bool padding = has_padding(sample, tried.delimiter, dialect_quote(&tried));
        if (tried.padded && !padding) continue;
        if (!all_quoted(sample, &tried)) continue;
        *dialect = tried;
        return;
    }
}

/* ---- quotes that are taken as text ----------------------------------------------------------- */

static const struct {
    const char *open, *close, *called;
} marks[] = {
    {"=\"", "\"", "the =\"…\" of a spreadsheet"},
    {"\"", "\"", "double quotes"},
    {"'", "'", "single quotes"},
    {"`", "`", "backquotes"},
    {"“", "”", "“…”"},
    {"‘", "’", "‘…’"},
    {"「", "」", "「…」"},
    {"『", "』", "『…』"},
};

static bool stands_in(struct table_cell cell, const char *open, const char *close) {
    while (cell.length > 0 && *cell.text == ' ') cell.text++, cell.length--;
    while (cell.length > 0 && cell.text[cell.length - 1] == ' ') cell.length--;
    size_t begin = strlen(open), end = strlen(close);
    return cell.length > begin + end && memcmp(cell.text, open, begin) == 0 &&
           memcmp(cell.text + cell.length - end, close, end) == 0;
}

/* What stands around a cell in most lines of the sample, after the first. */
static const char *find_marks(const struct sample *sample, const struct dialect *dialect) {
    enum { KINDS = sizeof marks / sizeof *marks };
    size_t at = 0, lines = 0, found[KINDS] = {0};
    struct table_cell line;
    while (lines < RECORDS && next_line(sample, &at, &line)) {
        bool held[KINDS] = {false};
        size_t next = 0;
        struct record_cell cell;
        while (record_next(dialect, line, &next, &cell)) {
            if (cell.doubled || is_quoted(dialect, line, &cell)) continue;
            for (size_t i = 0; i < KINDS; i++) {
                held[i] = held[i] || stands_in(cell.inner, marks[i].open, marks[i].close);
            }
        }
        for (size_t i = 0; i < KINDS && lines > 0; i++) found[i] += held[i];
        lines++;
    }
    for (size_t i = 0; i < KINDS && lines > 1; i++) {
        if (found[i] * 2 > lines - 1) return marks[i].called;
    }
    return NULL;
}

/* Whether quotes around cells that tabs separate are quoting, or characters. */
static bool tabs_quoted(const struct sample *sample) {
    static const struct dialect plain = {.format = DIALECT_TSV, .delimiter = '\t'},
                                quoted = {.format = DIALECT_TSV, .delimiter = '\t', .quoted = true};
    struct measure as_text, as_quotes;
    take_measure(sample, quoted, &as_quotes);
    if (as_quotes.faults > 0) return false;
    if (first_all_quoted(sample, &quoted) || all_quoted(sample, &quoted)) return true;
    if (!as_quotes.matters) return false;
    take_measure(sample, plain, &as_text);
    bool text_fits = as_text.records > 1 && as_text.alike + 1 == as_text.records &&
                     as_text.first == as_text.width && as_text.width > 1;
    return !text_fits || !as_quotes.spans;
}

/* How well a delimiter fits: 0 not at all; a measure of the share of records cut alike. */
static size_t fit(const struct measure *measure) {
    size_t after = measure->records > 0 ? measure->records - 1 : 0;
    if (after == 0) return measure->first > 1 ? 1 : 0;
    if (measure->width < 2 || measure->alike * 2 <= after) return 0;
    size_t share = measure->alike * 1000 / after;
    return 1 + share + (measure->first == measure->width ? 100 : measure->first > 1 ? 10 : 0);
}

static bool is_better(size_t fits, size_t best, const struct measure *measure, size_t width) {
    return fits > best || (fits == best && fits > 0 && measure->width > width);
}

/* The delimiter that cuts best, quotes counting; NUL: none does. Tabs win. */
static char find_delimiter(const struct sample *sample) {
    static const char candidates[] = {',', ';', '|', '\x01'};
    struct measure measure;
    struct dialect dialect = {.format = DIALECT_TSV, .delimiter = '\t'};
    take_measure(sample, dialect, &measure);
    if (measure.first > 1 || fit(&measure) > 0) return '\t';
    size_t best = 0, width = 0;
    char found = '\0';
    dialect.quoted = true;
    for (size_t i = 0; i < sizeof candidates; i++) {
        dialect.delimiter = candidates[i];
        struct dialect tried = dialect;
        find_quotes(sample, &tried);
        take_measure(sample, tried, &measure);
        size_t fits = fit(&measure);
        if (!is_better(fits, best, &measure, width)) continue;
        best = fits;
        width = measure.width;
        found = candidates[i];
    }
    dialect.delimiter = ' '; /* R's write.table */
    take_measure(sample, dialect, &measure);
    bool spaces = measure.faults == 0 && first_all_quoted(sample, &dialect);
    return spaces && fit(&measure) > best ? ' ' : found;
}

static bool holds(struct table_cell text, const char *word) {
    return memmem(text.text, text.length, word, strlen(word)) != NULL;
}

/* ---- what cannot be read --------------------------------------------------------------------- */

/* Delimiters that are no one ASCII character, by how they are called and made a tab. */
static const struct {
    const char *text, *called, *command;
} odd_delimiters[] = {
    {"||", "'||'", "sed 's/||/\\t/g'"},
    {"\\t", "a backslash and a t", "sed 's/\\\\t/\\t/g'"},
    {"::", "'::'", "sed 's/::/\\t/g'"},
    {"\x1F", "\\x1F", "tr '\\037' '\\t'"},
    {"，", "the fullwidth comma", "sed 's/，/\\t/g'"},
    {"；", "the fullwidth semicolon", "sed 's/；/\\t/g'"},
    {"｜", "the fullwidth bar", "sed 's/｜/\\t/g'"},
    {"&#9;", "'&#9;'", "sed 's/&#9;/\\t/g'"},
};

static bool refuse_odd(struct table_cell line, const char *where, struct error *error) {
    for (size_t i = 0; i < sizeof odd_delimiters / sizeof *odd_delimiters; i++) {
        if (!holds(line, odd_delimiters[i].text)) continue;
        return error_set(error,
                         "%s: line 1 has no delimiter of one character but %s; make it a tab: %s",
                         where, odd_delimiters[i].called, odd_delimiters[i].command);
    }
    static const char often[] = ",;|";
    for (const char *at = often; *at != '\0'; at++) {
        if (memchr(line.text, *at, line.length) == NULL) continue;
        return error_set(error,
                         "%s: its lines have no tabs, and '%c' cuts them into different numbers of "
                         "cells (one inside a text that is not in quotes?); --delimiter '%c' reads "
                         "it so all the same",
                         where, *at, *at);
    }
    return error_set(error,
                     "%s: line 1 has one column: no tab, comma, semicolon, bar or \\x01 separates "
                     "two texts; --delimiter C names another delimiter",
                     where);
}

static bool refuse_json(const char *where, const char *command, struct error *error) {
    return error_set(error,
                     "%s is one JSON document, not one object a line; make it lines: jq -c %s",
                     where, command);
}

static bool check_json(const struct sample *sample, const char *where, struct error *error) {
    struct json_walk walk;
    struct json_member member;
    struct table_cell line = {NULL, 0};
    size_t at = 0;
    while (next_line(sample, &at, &line) && strspn(line.text, " \t\r") >= line.length) {
    }
    if (!json_walk_begin(&walk, line)) return true; /* a bad row */
    bool first = json_walk_next(&walk, &member);
    if (walk.array && first && member.kind == JSON_VALUE_OTHER &&
        strchr("{[", member.value.text[0]) != NULL) {
        return refuse_json(where, "'.[]'", error);
    }
    while (json_walk_next(&walk, &member)) {
    }
    if (walk.wrong == NULL || walk.at < line.length) return true;
    bool cut = line.text + line.length == sample->bytes + sample->length;
    return cut || refuse_json(where, walk.array ? "'.[]'" : ".", error);
}

/* Line 1 of what is neither JSON nor delimited by an unusual line end. */
static bool check_ends(const struct sample *sample, const char *where, struct error *error) {
    static const struct {
        const char *bytes, *name;
    } ends[] = {{"\xE2\x80\xA8", "U+2028"},
                {"\xC2\x85", "U+0085"},
                {"\v", "vertical tab"},
                {"\f", "form feed"},
                {"\x1E", "\\x1E"}};
    struct table_cell all = {sample->bytes, sample->length};
    if (memchr(all.text, '\n', all.length) != NULL || memchr(all.text, '\r', all.length) != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *at = memmem(all.text, all.length, ends[i].bytes, strlen(ends[i].bytes));
        if (at == NULL) continue;
        size_t rest = (size_t)(all.text + all.length - at);
        if (rest <= strlen(ends[i].bytes)) continue;
        if (memchr(all.text, '\t', (size_t)(at - all.text)) == NULL ||
            memchr(at, '\t', rest) == NULL) {
            continue;
        }
        return error_set(error,
                         "%s: its lines end in %s instead of a newline; convert them first, for "
                         "example by perl -CSD -pe 's/[\\x0b\\x0c\\x1e\\x{85}\\x{2028}]/\\n/g'",
                         where, ends[i].name);
    }
    return true;
}

/* ---- what is read ---------------------------------------------------------------------------- */

/* CR alone ends lines: no LF is there, or one at the very end, and a CR that no LF follows. */
static bool ends_in_carriage(const char *bytes, size_t length) {
    const char *feed = memchr(bytes, '\n', length);
    if (feed != NULL && feed + 1 < bytes + length) return false;
    size_t body = feed != NULL ? (size_t)(feed - bytes) : length;
    const char *carriage = memchr(bytes, '\r', body);
    return carriage != NULL && carriage + 1 < bytes + body;
}

static void skip_excel(struct sample *sample, struct sniffed *found, char *delimiter) {
    const char *bytes = sample->bytes;
    if (sample->length < 6 || strncmp(bytes, "sep=", 4) != 0) return;
    size_t end = bytes[5] == '\r' ? 6 : 5;
    if (end >= sample->length || bytes[end] != '\n') return;
    *delimiter = bytes[4];
    found->skip = end + 1;
    sample->bytes += found->skip;
    sample->length -= found->skip;
}

static void settle(const struct sample *sample, struct sniffed *found) {
    struct measure measure;
    take_measure(sample, found->dialect, &measure);
    bool most = measure.records > 1 && measure.alike * 5 >= (measure.records - 1) * 4;
    found->width = most ? measure.width : 0;
    found->empty_tails = most && measure.empty_tails;
    found->row_names = most && measure.row_names;
}

static bool is_one_column(const struct sample *sample, struct dialect dialect) {
    struct measure measure;
    take_measure(sample, dialect, &measure);
    for (size_t i = 0; i < measure.records; i++) {
        if (measure.widths[i] > 1) return false;
    }
    return measure.records > 0;
}

static bool is_json(const struct sample *sample) {
    size_t at = 0;
    while (at < sample->length && strchr(" \t\r\n", sample->bytes[at]) != NULL) at++;
    if (at == sample->length) return false;
    struct table_cell rest = {sample->bytes + at, sample->length - at};
    size_t next = 1;
    while (next < rest.length && strchr(" \t\r\n", rest.text[next]) != NULL) next++;
    char after = next < rest.length ? rest.text[next] : '\0';
    if (rest.text[0] == '{') return after == '"' || after == '}';
    return rest.text[0] == '[' && (after == '"' || after == '{' || after == '[');
}

static void choose_dialect(struct sample *sample, const struct sniff_asked *asked,
                           struct sniffed *found) {
    char delimiter = asked->delimiter;
    if (asked->format == DIALECT_TSV) {
        found->dialect = (struct dialect){.format = DIALECT_TSV,
                                          .delimiter = delimiter != '\0' ? delimiter : '\t'};
        return;
    }
    bool automatic = asked->format == DIALECT_AUTO;
    if (delimiter == '\0') skip_excel(sample, found, &delimiter);
    if (delimiter == '\0') delimiter = find_delimiter(sample);
    if (delimiter == '\0') delimiter = automatic ? '\t' : ',';
    found->dialect =
        (struct dialect){.format = DIALECT_CSV, .delimiter = delimiter, .quoted = true};
    found->guessed = automatic || (asked->delimiter == '\0' && delimiter != ',');
    if (automatic && delimiter == '\t') {
        found->dialect = (struct dialect){
            .format = DIALECT_TSV, .delimiter = '\t', .quoted = tabs_quoted(sample)};
        found->guessed = found->dialect.quoted;
    }
    if (automatic && !(found->dialect.format == DIALECT_TSV && found->dialect.quoted)) {
        find_quotes(sample, &found->dialect);
        found->guessed |= found->dialect.single || found->dialect.padded;
    }
    found->marks = find_marks(sample, &found->dialect);
}

/* "a||b": every bar of the line is doubled. */
static bool bars_doubled(struct table_cell line) {
    size_t doubled = 0, bars = 0;
    for (size_t i = 0; i < line.length; i++) {
        if (line.text[i] != '|') continue;
        bars++;
        if (i + 1 == line.length || line.text[i + 1] != '|') continue;
        bars++;
        doubled++;
        i++;
    }
    return doubled > 0 && bars == 2 * doubled;
}

static bool settle_delimited(struct sample *sample, const struct sniff_asked *asked,
                             struct sniffed *found, const char *where, struct error *error) {
    choose_dialect(sample, asked, found);
    size_t at = 0;
    struct table_cell line = {NULL, 0};
    bool any = next_line(sample, &at, &line);
    bool doubled = any && found->dialect.delimiter == '|' && bars_doubled(line);
    if (any && (doubled || (!asked->one_column && is_one_column(sample, found->dialect)))) {
        return refuse_odd(line, where, error);
    }
    settle(sample, found);
    return true;
}

bool sniff(struct sniffed *found, const struct sniff_asked *asked, const char *bytes, size_t length,
           bool whole, const char *where, struct error *error) {
    struct sample sample = {bytes, length, whole, '\n'};
    *found = (struct sniffed){.carriage = ends_in_carriage(bytes, length)};
    if (found->carriage) sample.end = '\r';
    if (asked->format == DIALECT_AUTO && length > 0 && bytes[0] == '\x1E') {
        return error_set(error,
                         "%s is a JSON text sequence (RFC 7464); take its separators out: "
                         "tr -d '\\036' | jq -c .",
                         where);
    }
    if (asked->format == DIALECT_JSONL ||
        (asked->format == DIALECT_AUTO && asked->delimiter == '\0' && is_json(&sample))) {
        found->dialect = (struct dialect){.format = DIALECT_JSONL};
        found->guessed = asked->format == DIALECT_AUTO;
        return check_json(&sample, where, error);
    }
    if (!check_ends(&sample, where, error)) return false;
    return settle_delimited(&sample, asked, found, where, error);
}
