/* SPDX-License-Identifier: Apache-2.0 */
/* Text → numbers, choices and lists, with nothing left over. */
#include "common/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool parse_number(const char *name, const char *value, double least, double most, double *to,
                  struct error *error) {
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= least && number <= most)) {
        return error_set(error, "%s %s: give a number from %g to %g", name, value, least, most);
    }
    *to = number;
    return true;
}

void parse_print_number(double number, char *to, size_t capacity) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(to, capacity, "%.*g", digits, number);
        if (strtod(to, NULL) == number) return;
    }
}

/* Reads digits from the front of the text; NULL if there are none or they are too many. */
static const char *digits(const char *text, uint64_t most, uint64_t *to) {
    if (text[0] < '0' || text[0] > '9') return NULL;
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || number > most) return NULL;
    *to = number;
    return end;
}

bool parse_whole(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *to,
                 struct error *error) {
    uint64_t number = 0;
    const char *end = digits(value, most, &number);
    if (end == NULL || *end != '\0' || number < least) {
        return error_set(error, "%s %s: give a whole number from %" PRIu64 " to %" PRIu64, name,
                         value, least, most);
    }
    *to = number;
    return true;
}

bool parse_choice(const char *name, const char *value, const char *const *choices, int *to,
                  struct error *error) {
    char all[256] = "";
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *to = i;
            return true;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", choices[i]);
    }
    return error_set(error, "%s %s: choose one of %s", name, value, all);
}

bool parse_list(const char *name, const char *value, uint32_t most, uint32_t *to, size_t capacity,
                size_t *count, struct error *error) {
    const char *at = value;
    for (*count = 0; *count < capacity;) {
        uint64_t number = 0;
        at = digits(at, most, &number);
        if (at == NULL || (*at != ',' && *at != '\0')) break;
        to[(*count)++] = (uint32_t)number;
        if (*at++ == '\0') return true;
    }
    return error_set(error, "%s %s: give up to %zu whole numbers from 0 to %u with commas between",
                     name, value, capacity, (unsigned)most);
}

/* ---- numbers with units ---------------------------------------------------------------------- */

struct unit {
    const char *name;
    double factor;
};

static const struct unit *find_unit(const struct unit *units, const char *name) {
    for (; units->name != NULL; units++) {
        if (strcmp(units->name, name) == 0) return units;
    }
    return NULL;
}

bool parse_duration(const char *name, const char *value, double least, double most, double *to,
                    struct error *error) {
    static const struct unit units[] = {{"", 1},   {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
                                        {"m", 60}, {"h", 3600},  {NULL, 0}};
    char *end = NULL;
    bool numeric = (value[0] >= '0' && value[0] <= '9') || value[0] == '.';
    double number = strtod(value, &end);
    const struct unit *unit = numeric ? find_unit(units, end) : NULL;
    double seconds = unit != NULL ? number * unit->factor : -1;
    if (unit == NULL || !(seconds >= least && seconds <= most)) {
        return error_set(error, "%s %s: give a time from %gs to %gs, such as 250ms, 30s or 2m",
                         name, value, least, most);
    }
    *to = seconds;
    return true;
}

bool parse_size(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *to,
                struct error *error) {
    static const struct unit units[] = {{"", 1},          {"k", 1 << 10},   {"K", 1 << 10},
                                        {"KiB", 1 << 10}, {"M", 1 << 20},   {"MiB", 1 << 20},
                                        {"G", 1 << 30},   {"GiB", 1 << 30}, {NULL, 0}};
    uint64_t number = 0;
    const char *end = digits(value, UINT64_MAX >> 31, &number);
    const struct unit *unit = end != NULL ? find_unit(units, end) : NULL;
    if (unit != NULL) number *= (uint64_t)unit->factor;
    if (unit == NULL || number < least || number > most) {
        return error_set(
            error, "%s %s: give a size from %" PRIu64 " to %" PRIu64 " bytes, such as 64k or 1MiB",
            name, value, least, most);
    }
    *to = number;
    return true;
}

bool parse_file(const char *name, const char *value, const char **to, struct error *error) {
    if (value[0] == '\0' || strcmp(value, "-") == 0) {
        return error_set(error, "%s: give a file name", name);
    }
    *to = value;
    return true;
}

bool parse_has_ending(const char *path, const char *ending) {
    const size_t length = path != NULL ? strlen(path) : 0, end = strlen(ending);
    return length > end && strcasecmp(path + length - end, ending) == 0;
}

bool parse_batch_holds_pair(uint32_t batch_tokens, uint32_t max_length, struct error *error) {
    if (batch_tokens == 0 || batch_tokens >= max_length) return true;
    return error_set(error,
                     "--batch-tokens %u: a pair may have %u (--max-length); give at least that",
                     (unsigned)batch_tokens, (unsigned)max_length);
}
