/* SPDX-License-Identifier: Apache-2.0 */
/* Engines and jobs as external pointers, and the entries that R/mgeo.R calls. */
#include "entries.h"

/* ---- External pointers ----------------------------------------------------------------------- */

typedef struct job_pointer {
    mgeo_job *job;
    engine_share *share; /* keeps the engine */
} job_pointer;

static void end_engine(SEXP pointer) {
    engine_share *share = R_ExternalPtrAddr(pointer);
    R_ClearExternalPtr(pointer);
    if (share != NULL) engine_share_release(share);
}

static void end_job(SEXP pointer) {
    job_pointer *of = R_ExternalPtrAddr(pointer);
    R_ClearExternalPtr(pointer);
    if (of == NULL) return;
    mgeo_job_end(of->job);
    engine_share_release(of->share);
    free(of);
}

static SEXP new_pointer(const char *class, R_CFinalizer_t end) {
    SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, Rf_install(class), R_NilValue));
    R_RegisterCFinalizerEx(pointer, end, TRUE);
    Rf_setAttrib(pointer, R_ClassSymbol, Rf_mkString(class));
    UNPROTECT(1);
    return pointer;
}

static int is_job(SEXP pointer) {
    return TYPEOF(pointer) == EXTPTRSXP && R_ExternalPtrTag(pointer) == Rf_install("mgeo_job");
}

mgeo_engine *entry_engine(SEXP pointer) {
    if (TYPEOF(pointer) != EXTPTRSXP || R_ExternalPtrTag(pointer) != Rf_install("mgeo_engine")) {
        Rf_error("engine: must be what mgeo_engine() answers");
    }
    engine_share *share = R_ExternalPtrAddr(pointer);
    return share == NULL ? NULL : share->engine;
}

static mgeo_job *job_of(SEXP pointer) {
    if (!is_job(pointer)) Rf_error("job: must be what mgeo_job() answers");
    job_pointer *of = R_ExternalPtrAddr(pointer);
    return of == NULL ? NULL : of->job;
}

const char *entry_text(const char *name, SEXP text) {
    if (Rf_isNull(text)) return NULL;
    if (!Rf_isString(text) || Rf_length(text) != 1 || STRING_ELT(text, 0) == NA_STRING) {
        Rf_error("%s: must be a string or NULL", name);
    }
    return Rf_translateCharUTF8(STRING_ELT(text, 0));
}

const char *entry_path(SEXP path) {
    const char *text = entry_text("path", path);
    return text == NULL ? NULL : R_ExpandFileName(text);
}

/* ---- Engines --------------------------------------------------------------------------------- */

SEXP mgeo_r_create(SEXP list) {
    call of = {0};
    mgeo_engine_options options;
    record_fill(&mgeo_engine_options_shape, &options, list);
    SEXP pointer = PROTECT(new_pointer("mgeo_engine", end_engine));
    engine_share *share = calloc(1, sizeof *share);
    if (share == NULL) Rf_error("out of memory");
    of.status = mgeo_engine_create(&options, &share->engine, &of.error);
    share->users = 1;
    if (of.status == MGEO_OK) {
        R_SetExternalPtrAddr(pointer, share);
    } else {
        free(share);
    }
    SEXP answer = call_answer(&of, pointer);
    UNPROTECT(1);
    return answer;
}

SEXP mgeo_r_close(SEXP pointer) {
    if (is_job(pointer)) {
        end_job(pointer);
    } else {
        (void)entry_engine(pointer);
        end_engine(pointer);
    }
    return R_NilValue;
}

static mgeo_status do_load(call *of) {
    return mgeo_load(of->handle, of->path, of->options, of->report, &of->error);
}

SEXP mgeo_r_load(SEXP engine, SEXP path, SEXP list) {
    mgeo_load_options options;
    mgeo_model_info info = {.struct_size = sizeof info};
    call of = {.function = do_load,
               .handle = entry_engine(engine),
               .path = entry_path(path),
               .options = &options,
               .report = &info};
    record_fill(&mgeo_load_options_shape, &options, list);
    options.progress = &of.progress;
    call_run(&of);
    return call_answer(&of, record_list(&mgeo_model_info_shape, &info));
}

SEXP mgeo_r_unload(SEXP engine) {
    call of = {0};
    of.status = mgeo_unload(entry_engine(engine), &of.error);
    return call_answer(&of, R_NilValue);
}

SEXP mgeo_r_predict_memory(SEXP path, SEXP list) {
    call of = {0};
    mgeo_load_options options;
    mgeo_memory memory = {.struct_size = sizeof memory};
    record_fill(&mgeo_load_options_shape, &options, list);
    of.status = mgeo_predict_memory(entry_path(path), &options, &memory, &of.error);
    return call_answer(&of, record_list(&mgeo_memory_shape, &memory));
}

/* ---- Jobs and scores ------------------------------------------------------------------------- */

SEXP mgeo_r_begin_job(SEXP engine, SEXP list) {
    call of = {0};
    mgeo_job_options options;
    mgeo_engine *handle = entry_engine(engine);
    record_fill(&mgeo_job_options_shape, &options, list);
    SEXP pointer = PROTECT(new_pointer("mgeo_job", end_job));
    job_pointer *job = calloc(1, sizeof *job);
    if (job == NULL) Rf_error("out of memory");
    of.status = mgeo_job_begin(handle, &options, &job->job, &of.error);
    if (of.status == MGEO_OK) {
        job->share = R_ExternalPtrAddr(engine);
        job->share->users++;
        R_SetExternalPtrAddr(pointer, job);
    } else {
        free(job);
    }
    SEXP answer = call_answer(&of, pointer);
    UNPROTECT(1);
    return answer;
}

static mgeo_status do_score(call *of) {
    return mgeo_score(of->handle, of->pairs, of->count, of->scores, &of->error);
}

static mgeo_status do_job_score(call *of) {
    return mgeo_job_score(of->handle, of->pairs, of->count, of->scores, &of->error);
}

SEXP mgeo_r_score(SEXP scorer, SEXP a, SEXP b, SEXP probabilities, SEXP logits, SEXP route_key) {
    call of = {.function = is_job(scorer) ? do_job_score : do_score};
    of.handle = is_job(scorer) ? (void *)job_of(scorer) : (void *)entry_engine(scorer);
    return call_score(&of, a, b, probabilities, logits, route_key);
}

SEXP mgeo_r_info(SEXP pointer, SEXP slot) {
    call of = {0};
    mgeo_model_info info = {.struct_size = sizeof info};
    if (is_job(pointer)) {
        of.status = mgeo_job_get_info(job_of(pointer), &info, &of.error);
    } else {
        const int32_t number = record_enumerator("mgeo_slot", slot);
        of.status = mgeo_get_info(entry_engine(pointer), number, &info, &of.error);
    }
    return call_answer(&of, record_list(&mgeo_model_info_shape, &info));
}
