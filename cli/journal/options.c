/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of mgeo-journal. */
#include "journal/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_EXPECT_HASH = 256 };

static const struct option long_options[] = {
    {"event", required_argument, NULL, 'e'},
    {"expect-hash", required_argument, NULL, OPT_EXPECT_HASH},
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, 'j'},
    {"last", required_argument, NULL, 'n'},
    {"verify", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static bool take_last(struct options *options, const char *value, struct error *error) {
    char *end = NULL;
    errno = 0;
    options->last = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 || options->last == 0) {
        return error_set(error, "--last %s: give a whole number from 1 on", value);
    }
    return true;
}

static bool take_hash(struct options *options, const char *value, struct error *error) {
    size_t length = strlen(value);
    if (length != sizeof options->hash - 1 || strspn(value, "0123456789abcdefABCDEF") != length) {
        return error_set(error, "--expect-hash %s: give the 64 hex digits of a SHA-256", value);
    }
    for (size_t i = 0; i < length; i++) options->hash[i] = (char)tolower((unsigned char)value[i]);
    return true;
}

/* A name that no journal has would look like a journal in which nothing happened. */
static bool take_event(struct options *options, const char *value, struct error *error) {
    static const char *const events[] = {"open",     "load",   "load_failed", "swap",  "refuse",
                                         "rollback", "canary", "shadow",      "watch", "unload"};
    options->event = value;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(events[i], value) == 0) return true;
    }
    return error_set(error,
                     "--event %s: give open, load, load_failed, swap, refuse, rollback, "
                     "canary, shadow, watch or unload",
                     value);
}

static bool take(struct options *options, int code, const char *value, struct error *error) {
    switch (code) {
    case 'e': return take_event(options, value, error);
    case 'j': options->json = true; return true;
    case 'n': return take_last(options, value, error);
    case 'v': options->action = OPTIONS_VERIFY; return true;
    case 'V': options->action = OPTIONS_VERSION; return true;
    case 'h': options->action = OPTIONS_HELP; return true;
    default: return take_hash(options, value, error);
    }
}

static bool fit_together(const struct options *options, int files, struct error *error) {
    if (files != 1) return error_set(error, "give one journal; --help lists all options");
    if (options->action == OPTIONS_VERIFY &&
        (options->json || options->event != NULL || options->last > 0)) {
        return error_set(error,
                         "--verify prints no lines: --json, --event and --last do not apply");
    }
    return true;
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    memset(options, 0, sizeof *options);
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, ":e:jn:vVh", long_options, NULL)) != -1) {
        const char *given = argv[optind - 1];
        if (code == ':') {
            return error_set(error, "%s needs a value; --help lists all options", given);
        }
        if (code == '?') {
            return error_set(error, "%s is unknown or takes no value; --help lists all options",
                             given);
        }
        if (!take(options, code, optarg, error)) return false;
        if (options->action == OPTIONS_HELP || options->action == OPTIONS_VERSION) return true;
    }
    options->path = argv[optind];
    return fit_together(options, argc - optind, error);
}
