/* SPDX-License-Identifier: Apache-2.0 */
/* The native methods of mgeo.Native: calls into libmgeo, strings on their way in, scores on their
 * way out. */
#include "calls.h"
#include "streams.h"
#include "texts.h"

#include <jni.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NATIVE(name) JNIEXPORT JNICALL Java_mgeo_Native_##name

enum { MOST_ARGUMENTS = 8 };

/* Looked up once, when Java loads this library. */
static struct {
    JavaVM *vm;
    jclass native, scores, candidate;
    jmethodID failure, log, released, new_scores, new_candidate;
} java;

static void *as_pointer(jlong address) { return (void *)(uintptr_t)address; }

static jlong as_address(const void *pointer) { return (jlong)(uintptr_t)pointer; }

/* A class that stays; NULL with an exception pending. */
static jclass find_class(JNIEnv *env, const char *name) {
    jclass local = (*env)->FindClass(env, name);
    if (local == NULL) return NULL;
    jclass global = (*env)->NewGlobalRef(env, local);
    (*env)->DeleteLocalRef(env, local);
    return global;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
    (void)reserved;
    JNIEnv *env = NULL;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10) != JNI_OK) return JNI_ERR;
    java.vm = vm;
    java.native = find_class(env, "mgeo/Native");
    if (java.native == NULL) return JNI_ERR;
    java.failure =
        (*env)->GetStaticMethodID(env, java.native, "failure", "(I[B)Lmgeo/MgeoException;");
    if (java.failure == NULL) return JNI_ERR;
    java.log = (*env)->GetStaticMethodID(env, java.native, "log", "(Lmgeo/LogSink;I[B)V");
    if (java.log == NULL) return JNI_ERR;
    java.released =
        (*env)->GetStaticMethodID(env, java.native, "released", "(Lmgeo/ArrowStreamHold;)V");
    if (java.released == NULL) return JNI_ERR;
    java.scores = find_class(env, "mgeo/Scores");
    if (java.scores == NULL) return JNI_ERR;
    java.new_scores = (*env)->GetMethodID(env, java.scores, "<init>", "([F[I[I[F[FIJJI)V");
    if (java.new_scores == NULL) return JNI_ERR;
    java.candidate = find_class(env, "mgeo/Candidate");
    if (java.candidate == NULL) return JNI_ERR;
    java.new_candidate =
        (*env)->GetStaticMethodID(env, java.native, "candidate", "([B[BJFI)Lmgeo/Candidate;");
    return java.new_candidate == NULL ? JNI_ERR : JNI_VERSION_10;
}

/* ---- Errors ------------------------------------------------------------------------------- */

/* The bytes of a text; NULL with an exception pending. */
static jbyteArray bytes_in(JNIEnv *env, const char *text, size_t size) {
    jsize length = (jsize)size;
    jbyteArray bytes = (*env)->NewByteArray(env, length);
    if (bytes == NULL) return NULL;
    (*env)->SetByteArrayRegion(env, bytes, 0, length, (const jbyte *)text);
    return (*env)->ExceptionCheck(env) ? NULL : bytes;
}

/* The same of a C string. */
static jbyteArray bytes_of(JNIEnv *env, const char *text) {
    return bytes_in(env, text, strlen(text));
}

/* Makes an MgeoException pending, unless another exception is. */
static void throw_status(JNIEnv *env, jint status, const char *message) {
    if ((*env)->ExceptionCheck(env)) return;
    jbyteArray bytes = bytes_of(env, message);
    if (bytes == NULL) return;
    jthrowable failure =
        (*env)->CallStaticObjectMethod(env, java.native, java.failure, status, bytes);
    if ((*env)->ExceptionCheck(env)) return;
    (*env)->Throw(env, failure);
    (*env)->DeleteLocalRef(env, failure);
    (*env)->DeleteLocalRef(env, bytes);
}

static void throw_memory(JNIEnv *env) {
    throw_status(env, MGEO_E_MEMORY, "no memory for the texts or the scores of a call");
}

/* ---- Calls by number ---------------------------------------------------------------------- */

void NATIVE(call)(JNIEnv *env, jclass type, jint number, jlongArray arguments) {
    (void)type;
    jlong values[MOST_ARGUMENTS] = {0};
    jsize count = (*env)->GetArrayLength(env, arguments);
    if (count > MOST_ARGUMENTS || number < 0 ||
        (size_t)number >= sizeof mgb_calls / sizeof *mgb_calls ||
        mgb_calls[number].count != (unsigned)count) {
        throw_status(env, MGEO_E_INTERNAL, "mgeo.jar: a function was called with other arguments");
        return;
    }
    (*env)->GetLongArrayRegion(env, arguments, 0, count, values);
    if ((*env)->ExceptionCheck(env)) return;
    uint64_t given[MOST_ARGUMENTS];
    for (size_t i = 0; i < MOST_ARGUMENTS; i++) given[i] = (uint64_t)values[i];
    mgeo_error error;
    mgeo_status status = mgb_calls[number].run(given, &error);
    if (status != MGEO_OK) throw_status(env, status, error.message);
}

jlong NATIVE(address)(JNIEnv *env, jclass type, jobject buffer) {
    (void)type;
    return as_address((*env)->GetDirectBufferAddress(env, buffer));
}

void NATIVE(destroyEngine)(JNIEnv *env, jclass type, jlong engine) {
    (void)env, (void)type;
    mgeo_engine_destroy(as_pointer(engine));
}

void NATIVE(endJob)(JNIEnv *env, jclass type, jlong job) {
    (void)env, (void)type;
    mgeo_job_end(as_pointer(job));
}

void NATIVE(destroyIndex)(JNIEnv *env, jclass type, jlong index) {
    (void)env, (void)type;
    mgeo_index_destroy(as_pointer(index));
}

void NATIVE(cancel)(JNIEnv *env, jclass type, jlong progress) {
    (void)env, (void)type;
    mgeo_progress_cancel(as_pointer(progress));
}

void NATIVE(readProgress)(JNIEnv *env, jclass type, jlong progress, jlongArray out) {
    (void)type;
    int32_t stage = 0;
    uint64_t done = 0, total = 0;
    mgeo_progress_read(as_pointer(progress), &stage, &done, &total);
    jlong values[] = {stage, (jlong)done, (jlong)total};
    (*env)->SetLongArrayRegion(env, out, 0, 3, values);
}

jbyteArray NATIVE(version)(JNIEnv *env, jclass type) {
    (void)type;
    return bytes_of(env, mgeo_version());
}

/* ---- Threads of others, in Java for a while ------------------------------------------------ */

typedef struct java_visit {
    JNIEnv *env; /* NULL: Java lets no more threads in */
    int attached;
    jthrowable
        pending; /* the thread may be inside a native method that has an exception to hand on */
} java_visit;

static java_visit begin_visit(void) {
    java_visit visit = {0};
    jint known = (*java.vm)->GetEnv(java.vm, (void **)&visit.env, JNI_VERSION_10);
    if (known == JNI_EDETACHED) {
        JavaVMAttachArgs as_daemon = {.version = JNI_VERSION_10, .name = "libmgeo"};
        known = (*java.vm)->AttachCurrentThreadAsDaemon(java.vm, (void **)&visit.env, &as_daemon);
        visit.attached = known == JNI_OK;
    }
    if (known != JNI_OK) visit.env = NULL;
    if (visit.env == NULL) return visit;
    visit.pending = (*visit.env)->ExceptionOccurred(visit.env);
    if (visit.pending != NULL) (*visit.env)->ExceptionClear(visit.env);
    return visit;
}

/* What Java threw meanwhile is dropped. */
static void end_visit(java_visit *visit) {
    JNIEnv *env = visit->env;
    if ((*env)->ExceptionCheck(env)) (*env)->ExceptionClear(env);
    if (visit->pending != NULL) {
        (*env)->Throw(env, visit->pending);
        (*env)->DeleteLocalRef(env, visit->pending);
    }
    if (visit->attached) (*java.vm)->DetachCurrentThread(java.vm);
}

/* ---- The log ------------------------------------------------------------------------------ */

static void log_line(JNIEnv *env, jobject sink, int32_t level, const char *line) {
    jbyteArray bytes = bytes_of(env, line);
    if (bytes == NULL) return;
    (*env)->CallStaticVoidMethod(env, java.native, java.log, sink, (jint)level, bytes);
    if ((*env)->ExceptionCheck(env)) (*env)->ExceptionClear(env);
    (*env)->DeleteLocalRef(env, bytes);
}

/* The library's mgeo_log_fn. */
static void on_log(void *user, int32_t level, const char *line) {
    java_visit visit = begin_visit();
    if (visit.env == NULL) return;
    log_line(visit.env, user, level, line);
    end_visit(&visit);
}

jlong NATIVE(logFunction)(JNIEnv *env, jclass type) {
    (void)env, (void)type;
    return (jlong)(uintptr_t)on_log;
}

jlong NATIVE(keep)(JNIEnv *env, jclass type, jobject object) {
    (void)type;
    return as_address((*env)->NewGlobalRef(env, object));
}

void NATIVE(letGo)(JNIEnv *env, jclass type, jlong kept) {
    (void)type;
    (*env)->DeleteGlobalRef(env, as_pointer(kept));
}

/* ---- Texts -------------------------------------------------------------------------------- */

static void throw_no_text(JNIEnv *env, jsize row, const char *column) {
    char message[96];
    snprintf(message, sizeof message, "pair %ld: text %s is null; give a string", (long)row,
             column);
    throw_status(env, MGEO_E_ARGUMENT, message);
}

/* Adds string `row` of an array; 0 with an exception pending. Leaves no local reference. */
static int add_text(JNIEnv *env, mgb_texts *texts, jobjectArray column, jsize row,
                    const char *name) {
    jstring text = (*env)->GetObjectArrayElement(env, column, row);
    if ((*env)->ExceptionCheck(env)) return 0;
    if (text == NULL) {
        throw_no_text(env, row, name);
        return 0;
    }
    jsize length = (*env)->GetStringLength(env, text);
    jchar *units = mgb_texts_units(texts, (size_t)length);
    int added = 0;
    if (units != NULL) {
        (*env)->GetStringRegion(env, text, 0, length, units);
        if ((*env)->ExceptionCheck(env)) return 0;
        added = mgb_texts_add(texts, (size_t)length);
    }
    (*env)->DeleteLocalRef(env, text);
    if (!added) throw_memory(env);
    return added;
}

/* The pairs of two arrays of the same length; NULL with an exception pending. */
static mgb_texts *texts_of(JNIEnv *env, jobjectArray a, jobjectArray b) {
    jsize count = (*env)->GetArrayLength(env, a);
    if ((*env)->GetArrayLength(env, b) != count) {
        throw_status(env, MGEO_E_ARGUMENT, "the two arrays of texts differ in length");
        return NULL;
    }
    mgb_texts *texts = mgb_texts_create((size_t)count);
    if (texts == NULL) {
        throw_memory(env);
        return NULL;
    }
    for (jsize i = 0; i < count; i++) {
        if (!add_text(env, texts, a, i, "a") || !add_text(env, texts, b, i, "b")) {
            mgb_texts_destroy(texts);
            return NULL;
        }
    }
    return texts;
}

jlong NATIVE(makeTexts)(JNIEnv *env, jclass type, jobjectArray a, jobjectArray b) {
    (void)type;
    return as_address(texts_of(env, a, b));
}

/* Text `row` of a column of UTF-8 bytes, which ends[row] and ends[row + 1] bound; 0: not within
 * them. */
static int column_text(const int32_t *ends, const char *bytes, jlong size, jsize row,
                       const char **text, size_t *length) {
    if (ends[row] < 0 || ends[row + 1] < ends[row] || ends[row + 1] > size) return 0;
    *text = bytes + ends[row];
    *length = (size_t)(ends[row + 1] - ends[row]);
    return 1;
}

jlong NATIVE(makeColumnTexts)(JNIEnv *env, jclass type, jint count, jlong a_ends, jlong a_bytes,
                              jlong a_size, jlong b_ends, jlong b_bytes, jlong b_size) {
    (void)type;
    mgb_texts *texts = mgb_texts_create((size_t)count);
    if (texts == NULL) {
        throw_memory(env);
        return 0;
    }
    for (jsize i = 0; i < count; i++) {
        mgeo_pair *pair = &texts->pairs[i];
        int sound =
            column_text(as_pointer(a_ends), as_pointer(a_bytes), a_size, i, &pair->a,
                        &pair->a_len) &&
            column_text(as_pointer(b_ends), as_pointer(b_bytes), b_size, i, &pair->b, &pair->b_len);
        if (sound) continue;
        char message[96];
        snprintf(message, sizeof message,
                 "row %ld: its offsets do not lie within the column's bytes", (long)i);
        throw_status(env, MGEO_E_ARGUMENT, message);
        mgb_texts_destroy(texts);
        return 0;
    }
    return as_address(texts);
}

jlong NATIVE(pairsOf)(JNIEnv *env, jclass type, jlong texts) {
    (void)env, (void)type;
    return as_address(((mgb_texts *)as_pointer(texts))->pairs);
}

void NATIVE(freeTexts)(JNIEnv *env, jclass type, jlong texts) {
    (void)env, (void)type;
    mgb_texts_destroy(as_pointer(texts));
}

/* ---- Scores ------------------------------------------------------------------------------- */

enum { WANTS_PROBABILITIES = 1, WANTS_LOGITS = 2 };

/* Where a call's scores lie until Java has them. */
typedef struct score_rows {
    float *similarity, *probabilities, *logits;
    int32_t *label;
    uint32_t *flags;
} score_rows;

static void finish_rows(score_rows *rows) {
    free(rows->similarity);
    free(rows->probabilities);
    free(rows->logits);
    free(rows->label);
    free(rows->flags);
}

/* 0: no memory. Both ways rows are to be finished. */
static int init_rows(score_rows *rows, size_t count, jint wants) {
    size_t least = count == 0 ? 1 : count;
    size_t wide = least * MGEO_MAX_LABELS;
    rows->similarity = calloc(least, sizeof *rows->similarity);
    rows->label = calloc(least, sizeof *rows->label);
    rows->flags = calloc(least, sizeof *rows->flags);
    if (wants & WANTS_PROBABILITIES) rows->probabilities = calloc(wide, sizeof(float));
    if (wants & WANTS_LOGITS) rows->logits = calloc(wide, sizeof(float));
    return rows->similarity != NULL && rows->label != NULL && rows->flags != NULL &&
           (!(wants & WANTS_PROBABILITIES) || rows->probabilities != NULL) &&
           (!(wants & WANTS_LOGITS) || rows->logits != NULL);
}

static jfloatArray floats(JNIEnv *env, const float *values, jsize count) {
    jfloatArray array = (*env)->NewFloatArray(env, count);
    if (array == NULL) return NULL;
    (*env)->SetFloatArrayRegion(env, array, 0, count, values);
    return (*env)->ExceptionCheck(env) ? NULL : array;
}

static jintArray ints(JNIEnv *env, const void *values, jsize count) {
    jintArray array = (*env)->NewIntArray(env, count);
    if (array == NULL) return NULL;
    (*env)->SetIntArrayRegion(env, array, 0, count, values);
    return (*env)->ExceptionCheck(env) ? NULL : array;
}

/* One row behind the other, `labels` floats each. NULL stays NULL. */
static jfloatArray label_floats(JNIEnv *env, float *values, size_t count, size_t labels) {
    if (values == NULL) return NULL;
    if (count * labels > INT32_MAX) {
        throw_status(env, MGEO_E_ARGUMENT,
                     "more floats than a Java array holds; score fewer pairs a call");
        return NULL;
    }
    for (size_t i = 1; i < count; i++) {
        memmove(values + i * labels, values + i * MGEO_MAX_LABELS, labels * sizeof *values);
    }
    return floats(env, values, (jsize)(count * labels));
}

/* The object; NULL with an exception pending. */
static jobject make_scores(JNIEnv *env, const score_rows *rows, const mgeo_scores *scores,
                           jsize count) {
    jfloatArray similarity = floats(env, rows->similarity, count);
    jintArray label = similarity == NULL ? NULL : ints(env, rows->label, count);
    jintArray flags = label == NULL ? NULL : ints(env, rows->flags, count);
    if (flags == NULL) return NULL;
    size_t labels = scores->label_count;
    jfloatArray probabilities = label_floats(env, rows->probabilities, (size_t)count, labels);
    if ((*env)->ExceptionCheck(env)) return NULL;
    jfloatArray logits = label_floats(env, rows->logits, (size_t)count, labels);
    if ((*env)->ExceptionCheck(env)) return NULL;
    return (*env)->NewObject(env, java.scores, java.new_scores, similarity, label, flags,
                             probabilities, logits, (jint)labels, (jlong)scores->generation,
                             (jlong)scores->tokens, (jint)scores->bad_rows);
}

/* What a call of score is about, besides its pairs. */
typedef struct score_request {
    jlong engine, job, progress, route_key;
    jint wants;
} score_request;

static jobject score_pairs(JNIEnv *env, const score_request *request, const mgeo_pair *pairs,
                           jsize count) {
    score_rows rows = {0};
    jobject made = NULL;
    if (!init_rows(&rows, (size_t)count, request->wants)) {
        throw_memory(env);
        goto cleanup;
    }
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = rows.similarity,
                          .label = rows.label,
                          .probabilities = rows.probabilities,
                          .probability_stride = MGEO_MAX_LABELS,
                          .flags = rows.flags,
                          .progress = as_pointer(request->progress),
                          .route_key = (uint64_t)request->route_key,
                          .logits = rows.logits};
    mgeo_error error;
    mgeo_status status =
        request->job != 0
            ? mgeo_job_score(as_pointer(request->job), pairs, (size_t)count, &scores, &error)
            : mgeo_score(as_pointer(request->engine), pairs, (size_t)count, &scores, &error);
    if (status == MGEO_OK) {
        made = make_scores(env, &rows, &scores, count);
    } else {
        throw_status(env, status, error.message);
    }
cleanup:
    finish_rows(&rows);
    return made;
}

jobject NATIVE(score)(JNIEnv *env, jclass type, jlong engine, jlong job, jlong made, jlong progress,
                      jlong route_key, jint wants) {
    (void)type;
    const mgb_texts *texts = as_pointer(made);
    score_request request = {engine, job, progress, route_key, wants};
    return score_pairs(env, &request, texts->pairs, (jsize)texts->count);
}

/* ---- Candidates --------------------------------------------------------------------------- */

/* The object; NULL with an exception pending. */
static jobject make_candidate(JNIEnv *env, const mgeo_candidate *row) {
    jobject made = NULL;
    jbyteArray id = bytes_in(env, row->id, row->id_len);
    jbyteArray text = id == NULL ? NULL : bytes_in(env, row->text, row->text_len);
    if (text != NULL) {
        made = (*env)->CallStaticObjectMethod(env, java.native, java.new_candidate, id, text,
                                              (jlong)row->row, row->score, (jint)row->flags);
    }
    if ((*env)->ExceptionCheck(env)) return NULL;
    (*env)->DeleteLocalRef(env, id);
    (*env)->DeleteLocalRef(env, text);
    return made;
}

jobjectArray NATIVE(candidatesOf)(JNIEnv *env, jclass type, jlong candidates, jlong query) {
    (void)type;
    size_t count = 0;
    const mgeo_candidate *rows = mgeo_candidates_of(as_pointer(candidates), (size_t)query, &count);
    jobjectArray list = (*env)->NewObjectArray(env, (jsize)count, java.candidate, NULL);
    for (size_t i = 0; list != NULL && i < count; i++) {
        jobject made = make_candidate(env, &rows[i]);
        if (made == NULL) return NULL;
        (*env)->SetObjectArrayElement(env, list, (jsize)i, made);
        if ((*env)->ExceptionCheck(env)) return NULL;
        (*env)->DeleteLocalRef(env, made);
    }
    return list;
}

void NATIVE(destroyCandidates)(JNIEnv *env, jclass type, jlong candidates) {
    (void)env, (void)type;
    mgeo_candidates_destroy(as_pointer(candidates));
}

/* ---- Arrow -------------------------------------------------------------------------------- */

void NATIVE(releaseArrow)(JNIEnv *env, jclass type, jlong schema, jlong array) {
    (void)env, (void)type;
    struct ArrowSchema *of_schema = as_pointer(schema);
    struct ArrowArray *of_array = as_pointer(array);
    if (of_schema != NULL && of_schema->release != NULL) of_schema->release(of_schema);
    if (of_array != NULL && of_array->release != NULL) of_array->release(of_array);
}

static void on_released(void *user) {
    java_visit visit = begin_visit();
    if (visit.env == NULL) return;
    (*visit.env)->CallStaticVoidMethod(visit.env, java.native, java.released, (jobject)user);
    if ((*visit.env)->ExceptionCheck(visit.env)) (*visit.env)->ExceptionClear(visit.env);
    (*visit.env)->DeleteGlobalRef(visit.env, user);
    end_visit(&visit);
}

jboolean NATIVE(holdStream)(JNIEnv *env, jclass type, jlong stream, jobject hold) {
    (void)type;
    struct ArrowArrayStream *scores = as_pointer(stream);
    jobject kept = (*env)->NewGlobalRef(env, hold);
    if (kept != NULL && mgj_stream_hold(scores, on_released, kept)) return JNI_TRUE;
    if (kept != NULL) (*env)->DeleteGlobalRef(env, kept);
    scores->release(scores);
    return JNI_FALSE;
}
