/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target without libFuzzer: the files of its corpus, then damaged copies of them.
 *
 *     NAME_fuzz_replay ROUNDS SEED FOLDER…
 *
 * Deterministic: the same rounds, seed and files do the same.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

enum { MOST_FILES = 512, LONGEST = 1 << 20 };

typedef struct block {
    unsigned char *data;
    size_t size;
} block;

typedef struct corpus {
    block files[MOST_FILES];
    size_t count;
} corpus;

static uint64_t random_state;

static size_t random_below(size_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)((random_state >> 20) % limit);
}

static _Noreturn void give_up(const char *path, const char *why) {
    fprintf(stderr, "fuzz: %s: %s\n", path, why);
    exit(2);
}

/* ---- the corpus ------------------------------------------------------------------------------ */

static block load(const char *path) {
    block file = {.data = malloc(LONGEST)};
    FILE *stream = fopen(path, "rb");
    if (file.data == NULL || stream == NULL) give_up(path, "cannot be read");
    file.size = fread(file.data, 1, LONGEST, stream);
    if (ferror(stream) || !feof(stream)) give_up(path, "cannot be read, or is over 1 MiB");
    fclose(stream);
    return file;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void load_folder(corpus *all, const char *folder) {
    char *names[MOST_FILES];
    size_t count = 0;
    DIR *stream = opendir(folder);
    if (stream == NULL) give_up(folder, "cannot be read");
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        if (count + all->count == MOST_FILES) give_up(folder, "too many files");
        names[count++] = strdup(entry->d_name);
    }
    closedir(stream);
    qsort(names, count, sizeof *names, by_name); /* folders have no order of their own */
    for (size_t i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        all->files[all->count++] = load(path);
        free(names[i]);
    }
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* What readers look for, and numbers that they must not believe. */
static const char *const tokens[] = {
    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    "\xFF\xFF\xFF\x7F",
    "PK\1\2",
    "PK\3\4",
    "PK\5\6",
    "PK\6\6",
    "\"dtype\"",
    "[[[[",
    "}}",
    ":-1,",
    "9999999",
    "1e999",
    "\\ud800",
    "cos\nsys\n",
    "(((",
    "tR",
    "us",
    "\x94h",
    "\"\"",
    "\",\"",
    "\r\n",
    "\t",
    ";",
    "\xEF\xBB\xBF",
    "\xFF\xFE",
    "\x81\x30\x81\x30",
    "\xE8\xB7\xAF",
    "\x1F\x8B\x08",
    "\x28\xB5\x2F\xFD",
};

/* A place: anywhere, or near one of the ends, where headers and directories are. */
static size_t place_in(const block *file) {
    size_t near = file->size < 6000 ? file->size : 6000;
    switch (random_below(4)) {
    case 0: return random_below(file->size);
    case 1: return file->size - 1 - random_below(near);
    default: return random_below(near);
    }
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static void damage_once(block *file) {
    if (file->size == 0) return;
    size_t at = place_in(file), left = file->size - at;
    const char *token = tokens[random_below(sizeof tokens / sizeof *tokens)];
    switch (random_below(8)) {
    case 0: file->data[at] = (unsigned char)random_below(256); break;
    case 1: file->data[at] ^= (unsigned char)(1u << random_below(8)); break;
    case 2: file->data[at] = (unsigned char)(file->data[at] + 1); break;
    case 3: file->data[at] = 0; break;
    case 4: file->size = at; break;
    case 5: /* something else's bytes */
        memmove(file->data + at, file->data + random_below(at + 1), least(left, 16));
        break;
    case 6: { /* a piece is gone */
        size_t gone = random_below(least(left, 16) + 1);
        memmove(file->data + at, file->data + at + gone, left - gone);
        file->size -= gone;
        break;
    }
    default: memcpy(file->data + at, token, least(left, strlen(token)));
    }
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void try_input(const unsigned char *data, size_t size) {
    unsigned char *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL) give_up("memory", "is out");
    if (size > 0) memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void try_damaged(const block *seed) {
    block work = {.data = malloc(seed->size + 1), .size = seed->size};
    if (work.data == NULL) give_up("memory", "is out");
    if (seed->size > 0) memcpy(work.data, seed->data, seed->size);
    for (size_t times = 1 + random_below(4); times > 0; times--) damage_once(&work);
    try_input(work.data, work.size);
    free(work.data);
}

int main(int count, char **arguments) {
    static corpus all;
    if (count < 4) give_up("usage", "ROUNDS SEED FOLDER…");
    unsigned long rounds = strtoul(arguments[1], NULL, 10);
    random_state = strtoull(arguments[2], NULL, 10) * 0x9E3779B97F4A7C15u + 1;
    for (int i = 3; i < count; i++) load_folder(&all, arguments[i]);
    if (all.count == 0) give_up(arguments[3], "is empty");
    try_input((const unsigned char *)"", 0);
    for (size_t i = 0; i < all.count; i++) try_input(all.files[i].data, all.files[i].size);
    for (unsigned long round = 0; round < rounds; round++) {
        try_damaged(&all.files[random_below(all.count)]);
    }
    for (size_t i = 0; i < all.count; i++) free(all.files[i].data);
    printf("%zu files, %lu damaged copies\n", all.count, rounds);
    return 0;
}
