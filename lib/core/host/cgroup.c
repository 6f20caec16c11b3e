/* SPDX-License-Identifier: Apache-2.0 */
/* The control groups that this process is in, version 1 and 2, and the numbers in their files. */
#define _GNU_SOURCE
#include "core/host/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------------------- */

uint64_t mgi_cgroup_number_beside(const char *path, const char *key) {
    char line[256];
    uint64_t number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    size_t length = strlen(key);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, length) != 0 || strchr(": \t", line[length]) == NULL) continue;
        if (sscanf(line + length + 1, "%" SCNu64, &number) == 1) break;
    }
    fclose(file);
    return number;
}

bool mgi_cgroup_number(const char *folder, const char *name, uint64_t *number) {
    char path[MGI_CGROUP_PATH + 64];
    int64_t found = -1;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) return false;
    bool read = fscanf(file, "%" SCNd64, &found) == 1 && found >= 0;
    fclose(file);
    if (read) *number = (uint64_t)found;
    return read;
}

/* ---- groups ---------------------------------------------------------------------------------- */

typedef struct walk {
    const char *root, *controller;
    mgi_cgroup_visit visit;
    void *context;
} walk;

static void visit_upwards(const walk *w, const char *mount, const char *group, bool unified) {
    char folder[MGI_CGROUP_PATH];
    int top = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", w->root, mount);
    int whole = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s%s", w->root, mount, group);
    if (top < 0 || whole < 0 || (size_t)whole >= sizeof folder) return;
    for (size_t end = (size_t)whole;;) {
        folder[end] = '\0';
        w->visit(w->context, folder, unified);
        if (end <= (size_t)top) return;
        while (end > (size_t)top && folder[--end] != '/') {
        }
    }
}

static bool lists(char *controllers, const char *controller) {
    char *rest = NULL;
    for (char *name = strtok_r(controllers, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        if (strcmp(name, controller) == 0) return true;
    }
    return false;
}

/* Lines as "4:memory:/group", "3:cpu,cpuacct:/group" and "0::/group". Controllers that share a
 * hierarchy are mounted under their joint name, and mostly under each of them too. */
static void visit_line(const walk *w, char *line) {
    char joint[128], single[64];
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL) return;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    controllers++;
    if (*controllers == '\0') {
        visit_upwards(w, "", group, true);
        visit_upwards(w, "/unified", group, true);
        return;
    }
    snprintf(joint, sizeof joint, "/%s", controllers);
    snprintf(single, sizeof single, "/%s", w->controller);
    if (!lists(controllers, w->controller)) return;
    visit_upwards(w, single, group, false);
    if (strcmp(joint, single) != 0) visit_upwards(w, joint, group, false);
}

void mgi_cgroup_walk(const char *root, const char *controller, mgi_cgroup_visit visit,
                     void *context) {
    char line[MGI_CGROUP_PATH];
    const walk w = {.root = root, .controller = controller, .visit = visit, .context = context};
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *file = fopen(line, "re");
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) visit_line(&w, line);
    fclose(file);
}
