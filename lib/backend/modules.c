/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and opens the backends that are modules. */
#define _GNU_SOURCE /* secure_getenv, dl_iterate_phdr */
#include "backend/modules.h"

#include "backend/module.h"
#include "core/alloc.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct known {
    const char *name;
    const char *driver;    /* the library of the device's driver; NULL: it needs none */
    const char *only;      /* how a library begins of which a process can hold but one; or NULL */
    const char *only_file; /* the one that the module was built on */
    const char *remedy;    /* where the file is missing */
    const char *needs;     /* where something is missing that the file needs */
} known;

static const known modules[] = {
    {.name = "cuda",
     .driver = "libcuda.so.1",
     .remedy = "install with -Dcuda=enabled (nvcc and cuBLASLt)",
     .needs = "it needs the CUDA runtime and cuBLASLt that it was built on"},
    {.name = "torch",
     .only = "libtorch_cpu.so",
     .only_file = MGI_TORCH_LIBRARY,
     .remedy = "install with -Dtorch=enabled (Debian: apt-get install g++ libtorch-dev "
               "libopenblas0-openmp)",
     .needs = "it needs the libtorch that it was built on (Debian: apt-get install libtorch-dev)"},
};
enum { MODULES = sizeof modules / sizeof *modules };

/* What has been opened; constant from then on. */
static _Atomic(const mgi_backend *) opened[MODULES];

const char *mgi_modules_name(unsigned i) { return i < MODULES ? modules[i].name : NULL; }

/* The index of a name that mgi_modules_name has said. */
static unsigned index_of(const char *name) {
    unsigned i = 0;
    while (i + 1 < MODULES && strcmp(modules[i].name, name) != 0) i++;
    return i;
}

/* ---- where it is ---- */

/* The folder of the file that this code was loaded from. The kernel knows the whole path even where
 * the program was started or the library opened by a relative one; empty where it does not say. */
static void find_own_folder(char *folder, size_t capacity) {
    char line[PATH_MAX + 128];
    unsigned long here = (unsigned long)(uintptr_t)modules, first, end;
    FILE *maps = fopen("/proc/self/maps", "re");
    folder[0] = '\0';
    while (maps != NULL && folder[0] == '\0' && fgets(line, sizeof line, maps) != NULL) {
        const char *path = strchr(line, '/'), *name = strrchr(line, '/');
        if (path == NULL || sscanf(line, "%lx-%lx", &first, &end) != 2) continue;
        if (here < first || here >= end) continue;
        snprintf(folder, capacity, "%.*s", (int)(name - path), path);
    }
    if (maps != NULL) fclose(maps);
}

/* All folders to look in, with colons between; mgi_free. NULL: out of memory. */
static char *list_folders(void) {
    char own[PATH_MAX];
    const char *listed = secure_getenv("MGEO_MODULE_PATH");
    if (listed == NULL) listed = "";
    find_own_folder(own, sizeof own);
    size_t bytes = strlen(listed) + 2 * strlen(own) + strlen(MGI_MODULE_FOLDER) + 16;
    char *folders = mgi_calloc(bytes, 1);
    if (folders == NULL) return NULL;
    int length = snprintf(folders, bytes, "%s%s", listed, listed[0] != '\0' ? ":" : "");
    if (own[0] != '\0') {
        length += snprintf(folders + length, bytes - (size_t)length, "%s:%s/libmgeo:", own, own);
    }
    snprintf(folders + length, bytes - (size_t)length, "%s", MGI_MODULE_FOLDER);
    return folders;
}

/* A file that cannot be looked at is found, so that the reason is told. */
static bool find_in(const char *folders, const char *name, char *path, size_t capacity) {
    struct stat status;
    for (size_t length; *folders != '\0'; folders += length + (folders[length] == ':')) {
        length = strcspn(folders, ":");
        if (length == 0 || length + strlen(name) + 16 > capacity) continue;
        snprintf(path, capacity, "%.*s/libmgeo-%s.so", (int)length, folders, name);
        if (stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)) return true;
    }
    return false;
}

static mgeo_status find(const known *module, char *path, size_t capacity, mgeo_error *error) {
    char *folders = list_folders();
    if (folders == NULL) return mgi_fail_memory(error, "the modules' folders", PATH_MAX);
    mgeo_status status = MGEO_OK;
    if (!find_in(folders, module->name, path, capacity)) {
        status = mgi_fail(error, MGEO_E_DEVICE,
                          "device \"%s\" needs the module libmgeo-%s.so, which is not there: %s, "
                          "or name its folder in MGEO_MODULE_PATH; looked for in %s",
                          module->name, module->name, module->remedy, folders);
    }
    mgi_free(folders);
    return status;
}

/* ---- what the process has already ---- */

typedef struct search {
    const char *begin;
    char path[PATH_MAX];
} search;

static int note_library(struct dl_phdr_info *info, size_t size, void *context) {
    search *s = context;
    (void)size;
    const char *name = strrchr(info->dlpi_name, '/');
    name = name != NULL ? name + 1 : info->dlpi_name;
    if (strncmp(name, s->begin, strlen(s->begin)) != 0) return 0;
    snprintf(s->path, sizeof s->path, "%s", info->dlpi_name);
    return 1;
}

static bool is_same_file(const char *a, const char *b) {
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

/* Two libtorches of different versions in one process share some of their variables, and crash. */
static mgeo_status check_only(const known *module, mgeo_error *error) {
    search s = {.begin = module->only};
    if (s.begin == NULL || dl_iterate_phdr(note_library, &s) == 0) return MGEO_OK;
    if (is_same_file(s.path, module->only_file)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_DEVICE,
                    "device \"%s\" cannot be used in this process, which has loaded %s: "
                    "libmgeo-%s.so was built on another one (%s), and two cannot live in one "
                    "process: load with device \"cpu\", or build libmgeo on that one",
                    module->name, s.path, module->name, module->only_file);
}

/* ---- opening ---- */

static const char cut_short[] = "the file is cut short";

/* The linker's line begins with the module's path where the file itself is the trouble. */
static mgeo_status fail_open(const known *module, const char *path, const char *reason,
                             mgeo_error *error) {
    size_t length = strlen(path);
    if (reason == NULL) reason = "no reason is given";
    const bool itself = strncmp(reason, path, length) == 0 && reason[length] == ':';
    if (itself) reason += length + strspn(reason + length, ": ");
    const bool damaged =
        reason == cut_short || (itself && strstr(reason, "undefined symbol") == NULL);
    return mgi_fail(error, MGEO_E_DEVICE, "device \"%s\": %s cannot be opened: %s: %s",
                    module->name, path, reason,
                    damaged ? "make it readable, or install libmgeo and its modules anew"
                            : module->needs);
}

/* A file that was cut short would end the process with SIGBUS while it is being opened. Its last
 * part is the table of sections. */
static bool is_cut_short(const char *path) {
    ElfW(Ehdr) header;
    struct stat status;
    FILE *file = fopen(path, "re");
    if (file == NULL) return false; /* dlopen says why */
    bool read = fread(&header, sizeof header, 1, file) == 1 && fstat(fileno(file), &status) == 0;
    fclose(file);
    if (!read || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
    uint64_t end = header.e_shoff + (uint64_t)header.e_shnum * header.e_shentsize;
    return end > (uint64_t)status.st_size;
}

static mgeo_status check_identity(const known *module, const char *path, const mgi_module *found,
                                  mgeo_error *error) {
    if (found == NULL || strncmp(found->magic, MGI_MODULE_MAGIC, sizeof found->magic) != 0) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "device \"%s\": %s is not a module of libmgeo: remove it, or take its "
                        "folder out of MGEO_MODULE_PATH",
                        module->name, path);
    }
    if (strcmp(found->build, mgi_module_build) == 0) return MGEO_OK;
    return mgi_fail(error, MGEO_E_DEVICE,
                    "device \"%s\": %s is of another build (%.64s) than libmgeo (%s): install both "
                    "from one build, and start the process again",
                    module->name, path, found->build, mgi_module_build);
}

static mgeo_status open_file(const known *module, const char *path, const mgi_backend **backend,
                             mgeo_error *error) {
    if (is_cut_short(path)) return fail_open(module, path, cut_short, error);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return fail_open(module, path, dlerror(), error);
    mgi_module_entry *entry = NULL;
    void *symbol = dlsym(handle, MGI_MODULE_ENTRY);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from an object to a function */
    const mgi_module *found = entry != NULL ? entry() : NULL;
    mgeo_status status = check_identity(module, path, found, error);
    if (status != MGEO_OK) {
        dlclose(handle); /* so that another file of that name can be opened, where this can go */
        return status;
    }
    *backend = found->backend;
    return MGEO_OK;
}

mgeo_status mgi_modules_open(const char *name, const mgi_backend **backend, mgeo_error *error) {
    char path[PATH_MAX];
    const unsigned i = index_of(name);
    *backend = atomic_load(&opened[i]);
    if (*backend != NULL) return MGEO_OK;
    mgeo_status status = find(&modules[i], path, sizeof path, error);
    if (status == MGEO_OK) status = check_only(&modules[i], error);
    if (status == MGEO_OK) status = open_file(&modules[i], path, backend, error);
    /* Two threads that open it at once get the same one. */
    if (status == MGEO_OK) atomic_store(&opened[i], *backend);
    return status;
}

bool mgi_modules_exists(const char *name) {
    char path[PATH_MAX];
    const unsigned i = index_of(name);
    if (atomic_load(&opened[i]) != NULL) return true;
    return find(&modules[i], path, sizeof path, NULL) == MGEO_OK;
}

/* The driver's library says most: files in /dev differ between Linux on its own, WSL and boards.
 * A module that is opened opens it too, so that it is left open. */
bool mgi_modules_is_promising(const char *name) {
    const char *driver = modules[index_of(name)].driver;
    if (!mgi_modules_exists(name)) return false;
    return driver == NULL || dlopen(driver, RTLD_LAZY | RTLD_LOCAL) != NULL;
}
