/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, file, environment and flags, in this order, through the one table's setters. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files/regular_file.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/parse.h"
#include "common/string_buffer.h"
#include "http/listener.h"
#include "serve/settings.h"

enum { FILE_BYTES = 1 << 20 };

static const char operate_folder[] = "/run/mgeo";
static const char operate_default[] = "unix:/run/mgeo/operate.sock";

/* What the sources say, before it becomes settings. */
struct gathering {
    struct settings trial; /* takes each value once, to see whether it is sound */
    char *texts[OPTION_ROWS];
    unsigned char sources[OPTION_ROWS];
};

static size_t place_of(const struct option_row *row) { return (size_t)(row - settings_table.rows); }

/* ---- taking one value ------------------------------------------------------------------------ */

/* Gives each word of a list to the setter. The words stay where `words` lies. */
static bool set_words(struct settings *to, const struct option_row *row, char *words,
                      struct error *error) {
    char *rest = NULL;
    char *word = strtok_r(words, ", \t", &rest);
    if (word == NULL) return row->set(to, row, "", error);
    for (; word != NULL; word = strtok_r(NULL, ", \t", &rest)) {
        if (!row->set(to, row, word, error)) return false;
    }
    return true;
}

/* "yes" and "no" for what takes no argument on the command line. */
static bool set_switch(struct settings *to, const struct option_row *row, const char *value,
                       struct error *error) {
    static const char *const words[] = {"yes", "true", "on", "1", "no", "false", "off", "0"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i]) != 0) continue;
        *(bool *)((char *)to + row->at) = i < 4;
        return true;
    }
    return error_set(error, "--%s %s: give yes or no", row->name, value);
}

/* `words` is a copy of the value that lives as long as the settings. */
static bool set(struct settings *to, const struct option_row *row, const char *value, char *words,
                struct error *error) {
    if (row->repeats) return set_words(to, row, words, error);
    if (row->argument == NULL) return set_switch(to, row, value, error);
    return row->set(to, row, value, error);
}

static bool try(struct gathering *gathering, const struct option_row *row, const char *value,
                struct error *error) {
    char *copy = memory_copy(value, strlen(value));
    bool sound = set(&gathering->trial, row, value, copy, error);
    free(copy);
    return sound;
}

static bool take(struct gathering *gathering, const struct option_row *row, const char *value,
                 enum settings_source source, struct error *error) {
    size_t place = place_of(row);
    char *former = gathering->texts[place];
    bool adds = row->repeats && former != NULL && gathering->sources[place] == source;
    if (row->repeats && !adds) memset(gathering->trial.listen, 0, sizeof gathering->trial.listen);
    if (!try(gathering, row, value, error)) return false;
    struct string_buffer text = {0};
    if (adds) string_buffer_format(&text, "%s ", former);
    string_buffer_put(&text, value);
    free(former);
    gathering->texts[place] = text.bytes;
    gathering->sources[place] = (unsigned char)source;
    return true;
}

/* ---- the sources ----------------------------------------------------------------------------- */

static bool take_defaults(struct gathering *gathering, struct error *error) {
    static const char *const defaults[][2] = {
        {"model-name", "mgeo"},       {"precision", "auto"},     {"device", "auto"},
        {"listen", "127.0.0.1:8080"}, {"operate-mode", "660"},   {"max-queue-delay", "0ms"},
        {"max-queue", "1024"},        {"timeout", "30s"},        {"max-pairs", "1000"},
        {"max-body", "1MiB"},         {"max-buffered", "64MiB"}, {"max-connections", "4096"},
        {"max-streams", "16"},        {"idle-timeout", "75s"},   {"head-timeout", "10s"},
        {"body-timeout", "10s"},      {"write-timeout", "30s"},  {"drain-time", "5s"}};
    const char *operate = access(operate_folder, W_OK) == 0 ? operate_default : "none";
    bool sound = take(gathering, option_table_find(&settings_table, "operate"), operate,
                      SETTINGS_DEFAULT, error);
    for (size_t i = 0; sound && i < sizeof defaults / sizeof *defaults; i++) {
        sound = take(gathering, option_table_find(&settings_table, defaults[i][0]), defaults[i][1],
                     SETTINGS_DEFAULT, error);
    }
    return sound;
}

static char *trim(char *text) {
    while (isspace((unsigned char)*text)) text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
    text[length] = '\0';
    return text;
}

static bool take_line(struct gathering *gathering, char *line, struct error *error) {
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#') return true;
    char *sign = strchr(line, '=');
    if (sign == NULL) return error_set(error, "%s: write NAME = VALUE", line);
    *sign = '\0';
    const char *name = trim(line), *value = trim(sign + 1);
    const struct option_row *row = option_table_find(&settings_table, name);
    if (row == NULL || settings_is_action(row) || strcmp(name, "config") == 0) {
        return error_set(error, "%s is no setting of a file; --help lists all", name);
    }
    size_t place = place_of(row);
    if (!row->repeats && gathering->texts[place] != NULL &&
        gathering->sources[place] == SETTINGS_FILE) {
        return error_set(error, "%s was given above already", name);
    }
    if (take(gathering, row, value, SETTINGS_FILE, error)) return true;
    if (strstr(value, " #") == NULL) return false;
    struct error cause = *error;
    return error_set(error, "%.900s (a comment needs a line of its own)", cause.line);
}

/* The whole text of a small file; NULL with an error. */
static char *read_file(const char *path, struct error *error) {
    FILE *file = regular_file_open(path, NULL, error);
    if (file == NULL) return NULL;
    char *text = memory_zeroed(FILE_BYTES + 1, 1);
    size_t length = fread(text, 1, FILE_BYTES, file);
    const char *fault = NULL;
    if (ferror(file)) fault = strerror(errno);
    if (fault == NULL && length == FILE_BYTES) fault = "it has more than 1 MiB";
    if (fault == NULL && strlen(text) != length) fault = "it holds a NUL byte: it is no text";
    fclose(file);
    if (fault == NULL) return text;
    error_set(error, "cannot read %s: %s", path, fault);
    free(text);
    return NULL;
}

static bool take_file(struct gathering *gathering, const char *path, struct error *error) {
    char *text = read_file(path, error);
    if (text == NULL) return false;
    bool sound = true;
    size_t number = 0;
    for (char *rest = text, *line; sound && (line = strsep(&rest, "\n")) != NULL;) {
        struct error fault;
        number++;
        sound = take_line(gathering, line, &fault);
        if (!sound) error_set(error, "%s:%zu: %.1000s", path, number, fault.line);
    }
    free(text);
    return sound;
}

/* MGEO_MAX_QUEUE for max-queue. */
static void write_variable(const struct option_row *row, char *to, size_t capacity) {
    size_t at = (size_t)snprintf(to, capacity, "MGEO_");
    for (const char *letter = row->name; *letter != '\0' && at + 1 < capacity; letter++) {
        to[at++] = *letter == '-' ? '_' : (char)toupper((unsigned char)*letter);
    }
    to[at] = '\0';
}

static const char *variable_of(const struct option_row *row, char *name, size_t capacity) {
    if (settings_is_action(row)) return NULL;
    write_variable(row, name, capacity);
    return getenv(name);
}

static bool is_read(const char *variable) {
    static const char *const others[] = {"MGEO_MODULE_PATH", "MGEO_CPU_ISA", "MGEO_OPERATE_TOKEN"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(variable, others[i]) == 0) return true;
    }
    for (size_t i = 0; i < settings_table.count; i++) {
        char name[64];
        write_variable(&settings_table.rows[i], name, sizeof name);
        if (settings_is_action(&settings_table.rows[i])) continue;
        if (strcmp(variable, name) == 0) return true;
    }
    return false;
}

/* Kubernetes sets such for each service: MGEO_SERVICE_HOST, MGEO_PORT_8080_TCP_ADDR. */
static bool is_of_a_service(const char *variable, const char *value) {
    return strstr(variable, "_SERVICE_HOST") != NULL || strstr(variable, "_SERVICE_PORT") != NULL ||
           strstr(variable, "_TCP_") != NULL || strncmp(value, "tcp://", 6) == 0;
}

void settings_warn_of_variables(void) {
    for (char **at = environ; *at != NULL; at++) {
        char name[128];
        size_t length = strcspn(*at, "=");
        if (strncmp(*at, "MGEO_", 5) != 0 || (*at)[length] == '\0') continue;
        snprintf(name, sizeof name, "%.*s", (int)length, *at);
        if (is_read(name) || is_of_a_service(name, *at + length + 1)) continue;
        message_print("warning: %s in the environment is no setting; --help lists all", name);
    }
}

static bool take_environment(struct gathering *gathering, struct error *error) {
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        char name[64];
        const char *value = variable_of(row, name, sizeof name);
        struct error fault;
        if (value == NULL || value[0] == '\0') continue;
        if (!take(gathering, row, value, SETTINGS_ENVIRONMENT, &fault)) {
            return error_set(error, "%s in the environment: %.1000s", name, fault.line);
        }
    }
    return true;
}

static bool take_flags(struct gathering *gathering, const struct option_parsed *parsed,
                       const struct settings *given, struct error *error) {
    bool sound = true;
    for (size_t i = 0; sound && i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        if ((parsed->given >> i & 1) == 0 || settings_is_action(row)) continue;
        if (!row->repeats) {
            const char *value = row->argument != NULL ? parsed->values[i] : "yes";
            sound = take(gathering, row, value, SETTINGS_FLAG, error);
        }
        for (size_t j = 0; sound && row->repeats && given->listen[j] != NULL; j++) {
            sound = take(gathering, row, given->listen[j], SETTINGS_FLAG, error);
        }
    }
    return sound;
}

/* ---- what they become ------------------------------------------------------------------------ */

static bool check_address(const char *address, struct error *error) {
    if (strncmp(address, "unix:/", 6) == 0) return true;
    const char *colon = strrchr(address, ':');
    uint64_t port = 0;
    if (colon == NULL || !parse_whole("", colon + 1, 0, 65535, &port, error)) {
        return error_set(error,
                         "--listen %s: give HOST:PORT, [::1]:PORT, :PORT or unix:/PATH, with a "
                         "port up to 65535",
                         address);
    }
    return true;
}

static bool check(struct settings *settings, struct error *error) {
    for (size_t i = 0; settings->listen[i] != NULL; i++) {
        if (!check_address(settings->listen[i], error)) return false;
    }
    if (strcmp(settings->operate, "none") == 0) settings->operate = NULL;
    if (settings->max_buffered < settings->max_body) {
        return error_set(error, "--max-buffered: has no room for one body of --max-body");
    }
    if (!parse_batch_holds_pair(settings->batch_tokens, settings->max_length, error)) return false;
    if (settings->operate == NULL || strncmp(settings->operate, "unix:", 5) == 0) return true;
    if (settings->operate_token_file != NULL) return true;
    return error_set(error, "--operate %s: a port needs --operate-token-file FILE",
                     settings->operate);
}

/* Takes the texts over. They were tried before, so that what fails here fails for what goes with
 * what. */
static bool build(struct settings *settings, struct gathering *gathering, struct error *error) {
    bool sound = true;
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        char *text = gathering->texts[i];
        settings->texts[i] = text;
        settings->sources[i] = gathering->sources[i];
        gathering->texts[i] = NULL;
        if (text == NULL) continue;
        if (row->repeats) settings->words = memory_copy(text, strlen(text));
        sound = set(settings, row, text, settings->words, error) && sound;
    }
    return sound && check(settings, error);
}

void settings_finish(struct settings *settings) {
    for (size_t i = 0; i < OPTION_ROWS; i++) free(settings->texts[i]);
    free(settings->words);
    memset(settings, 0, sizeof *settings);
}

static void gathering_finish(struct gathering *gathering) {
    for (size_t i = 0; i < OPTION_ROWS; i++) free(gathering->texts[i]);
}

static bool gather(struct gathering *gathering, const struct option_parsed *parsed,
                   const struct settings *given, struct error *error) {
    const char *file = given->config != NULL ? given->config : getenv("MGEO_CONFIG");
    if (!take_defaults(gathering, error)) return false;
    if (file != NULL && file[0] != '\0' && !take_file(gathering, file, error)) return false;
    return take_environment(gathering, error) && take_flags(gathering, parsed, given, error);
}

bool settings_read(struct settings *settings, int argc, char **argv, struct error *error) {
    struct settings given = {0};
    struct option_parsed parsed;
    *settings = (struct settings){0};
    if (!option_table_parse(&settings_table, argc, argv, &given, &parsed, error)) return false;
    settings->action = given.action;
    if (parsed.ended) return true;
    if (parsed.operands < argc) {
        return error_set(error, "%s: no FILE is expected here; a model is given by --model DIR",
                         argv[parsed.operands]);
    }
    struct gathering gathering = {0};
    bool sound = gather(&gathering, &parsed, &given, error) && build(settings, &gathering, error);
    gathering_finish(&gathering);
    if (!sound) settings_finish(settings);
    return sound;
}

/* ---- a reload -------------------------------------------------------------------------------- */

static bool differs(const char *a, const char *b) {
    if (a == NULL || b == NULL) return a != b;
    return strcmp(a, b) != 0;
}

bool settings_keep_fixed(struct settings *fresh, const struct settings *former,
                         struct string_buffer *unchanged, struct error *error) {
    struct gathering gathering = {0};
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        bool keeps = !settings_can_change(row) && differs(former->texts[i], fresh->texts[i]);
        const struct settings *from = keeps ? former : fresh;
        const char *text = from->texts[i];
        if (text != NULL) gathering.texts[i] = memory_copy(text, strlen(text));
        gathering.sources[i] = from->sources[i];
        if (!keeps) continue;
        string_buffer_format(unchanged, "%s--%s", unchanged->length > 0 ? ", " : "", row->name);
    }
    settings_finish(fresh);
    bool sound = build(fresh, &gathering, error);
    gathering_finish(&gathering);
    return sound;
}
