/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, prints and applies a rule. */
#include "scoring/cascade/cascade_rule.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"

static const double never = 2; /* more than any probability */

bool cascade_rule_read_band(const char *value, struct cascade_rule *rule, struct error *error) {
    const char *comma = strchr(value, ',');
    if (comma == NULL || strchr(comma + 1, ',') != NULL) {
        return error_set(error, "--band %s: give two similarities as LO,HI", value);
    }
    char *low = memory_copy(value, (size_t)(comma - value));
    bool done = parse_number("--band", low, 0, 1, &rule->low, error) &&
                parse_number("--band", comma + 1, 0, 1, &rule->high, error);
    free(low);
    if (done && rule->low > rule->high) {
        done = error_set(error, "--band %s: the first similarity is above the second", value);
    }
    rule->kind = CASCADE_BAND;
    return done;
}

static bool read_least(const char *value, double *least, struct error *error) {
    if (strcmp(value, "never") != 0) return parse_number("--sure", value, 0, 1, least, error);
    *least = never;
    return true;
}

static bool add_least(struct cascade_sure *sure, const char *one, struct error *error) {
    enum { MOST = sizeof sure->of / sizeof *sure->of };
    const char *equals = strrchr(one, '=');
    size_t length = equals != NULL ? (size_t)(equals - one) : 0;
    if (length >= sizeof sure->of->label || (equals != NULL && length == 0)) {
        return error_set(error, "--sure %s: give a probability, or LABEL=P with commas between",
                         one);
    }
    for (size_t i = 0; i < sure->count; i++) {
        if (strlen(sure->of[i].label) == length && memcmp(sure->of[i].label, one, length) == 0) {
            return error_set(error, "--sure %s: given twice", one);
        }
    }
    if (sure->count == MOST) {
        return error_set(error, "--sure: a model has at most %d labels", MGEO_MAX_LABELS);
    }
    memcpy(sure->of[sure->count].label, one, length);
    sure->of[sure->count].label[length] = '\0';
    return read_least(equals != NULL ? equals + 1 : one, &sure->of[sure->count++].least, error);
}

bool cascade_sure_read(const char *value, struct cascade_sure *sure, struct error *error) {
    bool done = true;
    memset(sure, 0, sizeof *sure);
    for (const char *at = value; done && at != NULL;) {
        size_t length = strcspn(at, ",");
        char *one = memory_copy(at, length);
        done = add_least(sure, one, error);
        free(one);
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return done;
}

static int find_label(const mgeo_model_info *info, const char *name) {
    for (uint32_t i = 0; i < info->label_count; i++) {
        if (strcmp(info->labels[i], name) == 0) return (int)i;
    }
    return -1;
}

bool cascade_rule_of_sure(const struct cascade_sure *sure, const mgeo_model_info *info,
                          struct cascade_rule *rule, struct error *error) {
    double others = never;
    for (size_t i = 0; i < sure->count; i++) {
        if (sure->of[i].label[0] == '\0') others = sure->of[i].least;
    }
    for (size_t i = 0; i < MGEO_MAX_LABELS; i++) rule->least[i] = others;
    for (size_t i = 0; i < sure->count; i++) {
        if (sure->of[i].label[0] == '\0') continue;
        int label = find_label(info, sure->of[i].label);
        if (label < 0) {
            return error_set(error, "--sure %s: the model has no such label; its first one is %s",
                             sure->of[i].label, info->labels[0]);
        }
        rule->least[label] = sure->of[i].least;
    }
    rule->kind = CASCADE_SURE;
    return true;
}

bool cascade_rule_keeps(const struct cascade_rule *rule, float similarity, int32_t label,
                        float probability) {
    double value = (double)similarity;
    switch (rule->kind) {
    case CASCADE_BAND: return value < rule->low || value > rule->high;
    case CASCADE_SURE: return (double)probability >= rule->least[label];
    default: return false;
    }
}

void cascade_rule_print(const struct cascade_rule *rule, const mgeo_model_info *info,
                        struct string_buffer *text) {
    char low[32], high[32];
    if (rule->kind == CASCADE_BAND) {
        parse_print_number(rule->low, low, sizeof low);
        parse_print_number(rule->high, high, sizeof high);
        string_buffer_format(text, "--band %s,%s", low, high);
    } else if (rule->kind == CASCADE_SURE) {
        string_buffer_put(text, "--sure ");
        for (uint32_t i = 0; i < info->label_count; i++) {
            parse_print_number(rule->least[i], low, sizeof low);
            string_buffer_format(text, "%s%s=%s", i > 0 ? "," : "", info->labels[i],
                                 rule->least[i] > 1 ? "never" : low);
        }
    } else {
        string_buffer_put(text, "--sure never");
    }
}
