/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for people and for programs. */
#include "report.h"

#include <math.h>
#include <stdio.h>

static FILE *json;

bool report_to(const char *path) {
    json = fopen(path, "w");
    return json != NULL;
}

static void json_string(const char *text) {
    fputc('"', json);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') fputc('\\', json);
        fputc(c < 0x20 ? ' ' : c, json);
    }
    fputc('"', json);
}

static void json_key(const char *key) {
    fputs(", ", json);
    json_string(key);
    fputs(": ", json);
}

static void begin(const char *part) {
    printf("%-10s", part);
    if (json == NULL) return;
    fputs("{\"part\": ", json);
    json_string(part);
}

void report_begin(const char *part, const mgeo_model_info *info) {
    begin(part);
    if (info == NULL) return;
    report_text("model", info->version);
    report_text("device", info->device);
    report_text("precision", mgeo_precision_name(info->precision));
    report_number("batch_tokens", info->batch_tokens);
}

void report_number(const char *key, double number) {
    printf("  %s %.6g", key, number);
    if (json == NULL) return;
    json_key(key);
    if (isfinite(number)) {
        fprintf(json, "%.12g", number);
    } else {
        fputs("null", json);
    }
}

void report_text(const char *key, const char *text) {
    printf("  %s", text);
    if (json == NULL) return;
    json_key(key);
    json_string(text);
}

void report_end(void) {
    printf("\n");
    fflush(stdout);
    if (json == NULL) return;
    fputs("}\n", json);
    fflush(json);
}

void report_failure(const char *part, const variant *v, const char *reason) {
    begin(part);
    report_text("device", v->device);
    report_text("precision", mgeo_precision_name(v->precision));
    report_text("failed", reason);
    report_end();
}
