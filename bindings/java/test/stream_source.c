/* SPDX-License-Identifier: Apache-2.0 */
/* A stream that a test pulls scores from: the same table again and again. */
#include <mgeo.h>

#include <errno.h>
#include <jni.h>
#include <stdlib.h>

typedef struct source {
    const struct ArrowSchema *schema;
    const struct ArrowArray *table;
    jint left;
} source;

static void release_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void release_array(struct ArrowArray *array) { array->release = NULL; }

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    *schema = *((source *)stream->private_data)->schema;
    schema->release = release_schema;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *array) {
    source *from = stream->private_data;
    *array = (struct ArrowArray){0};
    if (from->left-- <= 0) return 0;
    *array = *from->table;
    array->release = release_array;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

static void release(struct ArrowArrayStream *stream) {
    free(stream->private_data);
    stream->release = NULL;
}

JNIEXPORT void JNICALL Java_mgeo_ArrowTest_makeStream(JNIEnv *env, jclass type, jlong at,
                                                      jlong schema, jlong table, jint batches) {
    (void)env, (void)type;
    source *from = malloc(sizeof *from);
    if (from == NULL) abort();
    *from = (source){(void *)(uintptr_t)schema, (void *)(uintptr_t)table, batches};
    *(struct ArrowArrayStream *)(uintptr_t)at =
        (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, from};
}

/* The length of the next batch; 0: there is none; an errno number below 0. */
JNIEXPORT jlong JNICALL Java_mgeo_ArrowTest_pull(JNIEnv *env, jclass type, jlong at) {
    (void)env, (void)type;
    struct ArrowArrayStream *stream = (void *)(uintptr_t)at;
    struct ArrowArray array = {0};
    int failed = stream->get_next(stream, &array);
    if (failed != 0) return stream->get_last_error(stream) == NULL ? -EPROTO : -failed;
    jlong length = array.release == NULL ? 0 : array.length;
    if (array.release != NULL) array.release(&array);
    return length;
}

JNIEXPORT void JNICALL Java_mgeo_ArrowTest_releaseStream(JNIEnv *env, jclass type, jlong at) {
    (void)env, (void)type;
    struct ArrowArrayStream *stream = (void *)(uintptr_t)at;
    stream->release(stream);
}
