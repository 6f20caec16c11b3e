/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options of mgeo-journal and what its members become. */
#include "journal/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- setters of single options --------------------------------------------------------------- */

static bool set_last(void *to, const struct option_row *row, const char *value,
                     struct error *error) {
    (void)row;
    struct options *options = to;
    char *end = NULL;
    errno = 0;
    options->last = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 || options->last == 0) {
        return error_set(error, "--last %s: give a whole number from 1 on", value);
    }
    return true;
}

static bool set_hash(void *to, const struct option_row *row, const char *value,
                     struct error *error) {
    (void)row;
    struct options *options = to;
    size_t length = strlen(value);
    if (length != sizeof options->hash - 1 || strspn(value, "0123456789abcdefABCDEF") != length) {
        return error_set(error, "--expect-hash %s: give the 64 hex digits of a SHA-256", value);
    }
    for (size_t i = 0; i < length; i++) options->hash[i] = (char)tolower((unsigned char)value[i]);
    return true;
}

/* A name that no journal has would look like a journal in which nothing happened. */
static bool set_event(void *to, const struct option_row *row, const char *value,
                      struct error *error) {
    struct options *options = to;
    options->event = value;
    for (size_t i = 0; row->values[i] != NULL; i++) {
        if (strcmp(row->values[i], value) == 0) return true;
    }
    return error_set(error,
                     "--event %s: give open, load, load_failed, swap, refuse, rollback, "
                     "canary, shadow, watch or unload",
                     value);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define AT(member) .at = offsetof(struct options, member)

static const char *const events[] = {"open",   "load",     "load_failed", "swap",
                                     "refuse", "rollback", "canary",      "shadow",
                                     "watch",  "unload",   NULL};

/* clang-format off */
static const struct option_row rows[] = {
    {.section = "",
     .letter = 'e', .name = "event", .argument = "NAME", .offer = OPTION_OFFER_VALUES,
     .set = set_event, .values = events,
     .help = "only lines of this event: open, load, load_failed, swap,\n"
             "refuse, rollback, canary, shadow, watch or unload"},
    {.letter = 'n', .name = "last", .argument = "N", .set = set_last,
     .help = "only the last N lines (of that event)"},
    {.letter = 'j', .name = "json", .set = option_table_set_flag, AT(json),
     .help = "lines as they stand in the file"},
    {.letter = 'v', .name = "verify",
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_VERIFY,
     .help = "print no lines, only how many there are and the last one's hash"},
    {.name = "expect-hash", .argument = "HEX", .set = set_hash,
     .help = "a hash that was noted earlier must still stand in the chain"},
    {.letter = 'h', .name = "help", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_HELP,
     .help = "print this"},
    {.letter = 'V', .name = "version", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_VERSION,
     .help = "print the version"},
};

static const struct option_rule rules[] = {
    {{"verify"}, OPTION_EXCLUDES, {"json", "event", "last"},
     "--verify prints no lines: --json, --event and --last do not apply"},
};
/* clang-format on */

const struct option_table options_table = {
    .program = "mgeo-journal",
    .usage =
        "Usage: mgeo-journal [OPTIONS] FILE\n"
        "\n"
        "Prints the journal that an engine of libmgeo writes: who loaded, swapped, refused and\n"
        "rolled back which model, when and why. The whole journal is checked first: whether a\n"
        "line was cut, edited, added or moved. Also while an engine writes it.\n"
        "\n"
        "  mgeo-journal /var/log/mgeo.journal\n"
        "  mgeo-journal --event swap --last 10 /var/log/mgeo.journal\n"
        "  mgeo-journal --verify --expect-hash \"$noted\" /var/log/mgeo.journal\n",
    .ending = "\n"
              "Exit status: 0 the journal is sound; 1 it is not, or does not hold the hash; 2 it "
              "could\n"
              "not be read, or the options are wrong.\n",
    .column = 26,
    .operands = OPTION_OFFER_FILES,
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .rules = rules,
    .rule_count = sizeof rules / sizeof *rules,
};

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    struct option_parsed parsed;
    memset(options, 0, sizeof *options);
    if (!option_table_parse(&options_table, argc, argv, options, &parsed, error)) return false;
    if (parsed.ended) return true;
    if (argc - parsed.operands != 1) {
        return error_set(error, "give one journal; --help lists all options");
    }
    options->path = argv[parsed.operands];
    return option_table_check(&options_table, &parsed, error);
}
