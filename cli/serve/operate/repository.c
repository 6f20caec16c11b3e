/* SPDX-License-Identifier: Apache-2.0 */
/* The repository calls of Triton's clients, over the folder of model directories --model-store. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/operate/body.h"
#include "serve/operate/reply.h"
#include "serve/operate/route.h"

enum { NAMES_MOST = 1000 };

static void refuse(struct operate_call *call, int status, const char *code, const char *sentence) {
    const struct http_error error = {.status = status, .code = code, .index = -1};
    http_answer_error(&call->answer, &error, "%s", sentence);
}

/* The folder, its links followed. */
static bool find_store(struct operate_call *call, const struct settings *settings, char *store) {
    if (settings->model_store == NULL) {
        refuse(call, 404, "no_model_store",
               "the server has no model store: start it with --model-store DIR");
        return false;
    }
    if (realpath(settings->model_store, store) != NULL) return true;
    refuse(call, 422, "io", "the folder of --model-store cannot be read");
    return false;
}

/* A name is one segment, and what it leads to lies in the store itself. */
static bool place_of(const char *store, const char *name, char *path) {
    char joined[PATH_MAX], config[PATH_MAX];
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) return false;
    int length = snprintf(joined, sizeof joined, "%s/%s", store, name);
    if (length < 0 || length >= (int)sizeof joined || realpath(joined, path) == NULL) return false;
    size_t folder = strlen(store);
    if (strncmp(path, store, folder) != 0 || path[folder] != '/') return false;
    length = snprintf(config, sizeof config, "%s/config.json", path);
    return length > 0 && length < (int)sizeof config && access(config, R_OK) == 0;
}

/* The slot that holds the model of a directory, the live one first. */
static bool find_slot(const struct service *service, const char *path, mgeo_model_info *info) {
    static const int32_t slots[] = {MGEO_LIVE, MGEO_STANDBY};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        char real[PATH_MAX];
        *info = (mgeo_model_info){.struct_size = sizeof *info};
        if (mgeo_get_info(service->engine, slots[i], info, NULL) != MGEO_OK) continue;
        if (realpath(info->path, real) != NULL && strcmp(real, path) == 0) return true;
    }
    return false;
}

/* ---- index ----------------------------------------------------------------------------------- */

struct index_body {
    bool ready;
};

static const struct body_field index_fields[] = {
    {.name = "ready", .type = BODY_FLAG, .at = offsetof(struct index_body, ready)},
    {0},
};

static void write_entry(struct json_writer *json, const struct service *service, const char *store,
                        const char *name, bool ready) {
    char path[PATH_MAX], version[24] = "";
    mgeo_model_info info;
    if (!place_of(store, name, path)) return;
    bool loaded = find_slot(service, path, &info);
    if (!loaded && ready) return;
    if (loaded) snprintf(version, sizeof version, "%llu", (unsigned long long)info.generation);
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "name", name);
    json_writer_string(json, "version", version);
    json_writer_string(json, "state", loaded ? "READY" : "UNAVAILABLE");
    json_writer_string(json, "reason", loaded ? info.live != 0 ? "live" : "standby" : "");
    json_writer_close(json, '}');
}

static int is_shown(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void write_index(struct operate_call *call, const char *store, bool ready) {
    struct dirent **entries = NULL;
    int count = scandir(store, &entries, is_shown, alphasort);
    if (count < 0) {
        refuse(call, 422, "io", "the folder of --model-store cannot be read");
        return;
    }
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '[');
    for (int i = 0; i < count; i++) {
        if (i < NAMES_MOST) write_entry(&json, call->service, store, entries[i]->d_name, ready);
        free(entries[i]);
    }
    free(entries);
    json_writer_close(&json, ']');
    route_answer(call, &json);
}

void repository_index(struct operate_call *call) {
    const struct settings *settings = settings_hold(call->service->settings);
    struct index_body body = {false};
    char store[PATH_MAX];
    if (find_store(call, settings, store) &&
        body_read(index_fields, call->request->body, call->request->body_length, &body,
                  &call->answer)) {
        write_index(call, store, body.ready);
    }
    settings_release(call->service->settings, settings);
}

/* ---- load and unload ------------------------------------------------------------------------- */

struct repository_body {
    bool has_parameters, unload_dependents;
};

/* "unload_dependents" is what clients always send: no model here depends on another. */
static const struct body_field parameter_fields[] = {
    {.name = "unload_dependents",
     .type = BODY_FLAG,
     .at = offsetof(struct repository_body, unload_dependents)},
    {0},
};
static const struct body_field repository_fields[] = {
    {.name = "parameters",
     .type = BODY_OBJECT,
     .at = offsetof(struct repository_body, has_parameters),
     .members = parameter_fields},
    {0},
};

/* The directory that the path's segment names, and the segment. */
static bool find_model(struct operate_call *call, const struct settings *settings, char *path,
                       char *name, size_t capacity) {
    static const char prefix[] = "/v2/repository/models/";
    const char *begin = call->request->path.at + sizeof prefix - 1;
    size_t rest = call->request->path.length - (sizeof prefix - 1);
    const char *slash = memchr(begin, '/', rest);
    struct http_slice segment = {begin, slash != NULL ? (size_t)(slash - begin) : rest};
    struct repository_body body = {0};
    char store[PATH_MAX];
    if (!find_store(call, settings, store)) return false;
    if (!http_decode(segment, name, capacity) || !place_of(store, name, path)) {
        refuse(call, 404, "not_found", "the model store has no model directory of this name");
        return false;
    }
    return body_read(repository_fields, call->request->body, call->request->body_length, &body,
                     &call->answer);
}

static void answer(struct operate_call *call, mgeo_status status, const mgeo_error *error) {
    if (status != MGEO_OK) {
        route_answer_status(call, status, error);
        return;
    }
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    json_writer_close(&json, '}');
    route_answer(call, &json);
}

static void load(struct operate_call *call, const struct settings *settings, const char *path) {
    struct operation operation;
    mgeo_error error;
    route_begin(call, &operation, "load", path);
    const mgeo_load_options options = {.struct_size = sizeof options,
                                       .device = settings->device,
                                       .precision = settings->precision,
                                       .max_length = settings->max_length,
                                       .threads = settings->threads,
                                       .batch_tokens = settings->batch_tokens,
                                       .partial_weight = (float)settings->partial_weight,
                                       .positive_label = settings->positive_label,
                                       .progress = &operation.progress,
                                       .reason = "v2/repository",
                                       .allow_tf32 = settings->tf32,
                                       .keep_unknown = settings->keep_unknown};
    mgeo_status status = mgeo_load(call->service->engine, path, &options, NULL, &error);
    route_end(call, &operation);
    answer(call, status, &error);
}

void repository_load(struct operate_call *call) {
    const struct settings *settings = settings_hold(call->service->settings);
    char path[PATH_MAX], name[NAME_MAX + 1];
    if (find_model(call, settings, path, name, sizeof name)) load(call, settings, path);
    settings_release(call->service->settings, settings);
}

static void unload(struct operate_call *call, const char *path) {
    mgeo_model_info info;
    mgeo_error error;
    pthread_mutex_lock(&call->service->operate->changing);
    if (!find_slot(call->service, path, &info)) {
        refuse(call, 409, "no_model", "this model is not loaded");
    } else if (info.live != 0) {
        refuse(call, 409, "busy", "this model is live: swap to another one first");
    } else {
        answer(call, mgeo_unload(call->service->engine, &error), &error);
    }
    pthread_mutex_unlock(&call->service->operate->changing);
}

void repository_unload(struct operate_call *call) {
    const struct settings *settings = settings_hold(call->service->settings);
    char path[PATH_MAX], name[NAME_MAX + 1];
    if (find_model(call, settings, path, name, sizeof name)) unload(call, path);
    settings_release(call->service->settings, settings);
}
