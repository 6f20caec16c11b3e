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

static bool take_last(struct query *query, const char *value, struct fault *fault) {
    char *end = NULL;
    errno = 0;
    query->last = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 || query->last == 0)
        return fault_set(fault, "--last %s: give a whole number from 1 on", value);
    return true;
}

static bool take_hash(struct query *query, const char *value, struct fault *fault) {
    size_t length = strlen(value);
    if (length != sizeof query->hash - 1 || strspn(value, "0123456789abcdefABCDEF") != length)
        return fault_set(fault, "--expect-hash %s: give the 64 hex digits of a SHA-256", value);
    for (size_t i = 0; i < length; i++) query->hash[i] = (char)tolower((unsigned char)value[i]);
    return true;
}

/* A name that no journal has would look like a journal in which nothing happened. */
static bool take_event(struct query *query, const char *value, struct fault *fault) {
    static const char *const events[] = {"open",     "load",   "load_failed", "swap",  "refuse",
                                         "rollback", "canary", "shadow",      "watch", "unload"};
    query->event = value;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (strcmp(events[i], value) == 0) return true;
    return fault_set(fault,
                     "--event %s: give open, load, load_failed, swap, refuse, rollback, "
                     "canary, shadow, watch or unload",
                     value);
}

static bool take(struct query *query, int code, const char *value, struct fault *fault) {
    switch (code) {
    case 'e': return take_event(query, value, fault);
    case 'j': query->json = true; return true;
    case 'n': return take_last(query, value, fault);
    case 'v': query->action = QUERY_VERIFY; return true;
    case 'V': query->action = QUERY_VERSION; return true;
    case 'h': query->action = QUERY_HELP; return true;
    default: return take_hash(query, value, fault);
    }
}

static bool fit_together(const struct query *query, int files, struct fault *fault) {
    if (files != 1) return fault_set(fault, "give one journal; --help lists all options");
    if (query->action == QUERY_VERIFY && (query->json || query->event != NULL || query->last > 0))
        return fault_set(fault,
                         "--verify prints no lines: --json, --event and --last do not apply");
    return true;
}

bool query_parse(struct query *query, int argc, char **argv, struct fault *fault) {
    memset(query, 0, sizeof *query);
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, ":e:jn:vVh", long_options, NULL)) != -1) {
        const char *given = argv[optind - 1];
        if (code == ':')
            return fault_set(fault, "%s needs a value; --help lists all options", given);
        if (code == '?')
            return fault_set(fault, "%s is unknown or takes no value; --help lists all options",
                             given);
        if (!take(query, code, optarg, fault)) return false;
        if (query->action == QUERY_HELP || query->action == QUERY_VERSION) return true;
    }
    query->path = argv[optind];
    return fit_together(query, argc - optind, fault);
}
