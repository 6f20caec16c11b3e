/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program under test: kills it with SIGKILL before its nth call that changes a
 * file or makes a change durable, or lets that call fail. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int count;

static int number_in(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? atoi(value) : 0;
}

/* Whether the call is to fail as on a full disk; may not return. With KILL_POINT_HALF set a write
 * is cut in half before the end comes. */
static int is_last(void) {
    count++;
    if (count == number_in("KILL_POINT")) raise(SIGKILL);
    int full = number_in("FULL_POINT");
    return full > 0 && count >= full;
}

static int is_file(int descriptor) {
    struct stat about;
    return descriptor > STDERR_FILENO && fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
}

/* POSIX lets what dlsym returns be a function; ISO C does not. */
#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static int full(void) {
    errno = ENOSPC;
    return -1;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    if (is_file(descriptor)) {
        if (count + 1 == number_in("KILL_POINT") && getenv("KILL_POINT_HALF") != NULL) {
            NEXT(write)(descriptor, bytes, length / 2);
        }
        if (is_last()) return full();
    }
    return NEXT(write)(descriptor, bytes, length);
}

int fsync(int descriptor) {
    is_last();
    return NEXT(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    if (is_last()) return full();
    return NEXT(fdatasync)(descriptor);
}

int ftruncate(int descriptor, off_t length) {
    is_last();
    return NEXT(ftruncate)(descriptor, length);
}

int rename(const char *from, const char *to) {
    is_last();
    return NEXT(rename)(from, to);
}

int unlink(const char *path) {
    is_last();
    return NEXT(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
    if (is_last()) return full();
    return NEXT(mkdir)(path, mode);
}

int rmdir(const char *path) {
    is_last();
    return NEXT(rmdir)(path);
}

int open(const char *path, int flags, ...) {
    int mode = 0600;
    if (flags & O_CREAT) is_last();
    return NEXT(open)(path, flags, mode);
}

/* Says how many points there were. */
__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("KILL_POINT_COUNT");
    if (path == NULL) return;
    FILE *file = fopen(path, "w");
    if (file == NULL) return;
    fprintf(file, "%d\n", count);
    fclose(file);
}
