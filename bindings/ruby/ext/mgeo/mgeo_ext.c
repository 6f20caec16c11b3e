/* SPDX-License-Identifier: Apache-2.0 */
/* The Ruby extension: engines and jobs as objects, and the library's calls on them. lib/mgeo.rb
 * builds on it. */
#include "calls.h"

static VALUE module, job_class;

/* ---- Objects -------------------------------------------------------------------------------- */

typedef struct job_object {
    mgeo_job *job;
    unsigned users; /* calls that run, and the object until it has ended */
    int ended;
    engine_share *share;
} job_object;

static void engine_free(void *share) {
    if (share != NULL) engine_share_release(share);
}

static void job_release(job_object *of) {
    if (--of->users > 0) return;
    mgeo_job_end(of->job);
    of->job = NULL;
    engine_share_release(of->share);
}

static void job_free(void *argument) {
    job_object *of = argument;
    if (!of->ended) job_release(of);
    xfree(of);
}

static const rb_data_type_t engine_type = {.wrap_struct_name = "Mgeo::Engine",
                                           .function = {.dfree = engine_free},
                                           .flags = RUBY_TYPED_FREE_IMMEDIATELY};
static const rb_data_type_t job_type = {.wrap_struct_name = "Mgeo::Job",
                                        .function = {.dfree = job_free},
                                        .flags = RUBY_TYPED_FREE_IMMEDIATELY};

static VALUE engine_allocate(VALUE class) {
    return TypedData_Wrap_Struct(class, &engine_type, NULL);
}

/* A call on an object that is closed fails as the library's own do. */
static void refuse(const char *message) {
    call of = {.status = MGEO_E_ARGUMENT};
    strcpy(of.error.message, message);
    call_check(&of, Qnil);
}

static engine_share *share_of(VALUE self) {
    engine_share *share = rb_check_typeddata(self, &engine_type);
    if (share == NULL) refuse("the engine is closed");
    return share;
}

static job_object *job_of(VALUE self) {
    job_object *of = rb_check_typeddata(self, &job_type);
    if (of->ended) refuse("the job has ended");
    return of;
}

static void enter_engine(call *of) {
    engine_share *share = share_of(of->self);
    share->users++;
    of->kept = share;
    of->handle = share->engine;
}

static void leave_engine(call *of) { engine_share_release(of->kept); }

static void enter_job(call *of) {
    job_object *job = job_of(of->self);
    job->users++;
    of->kept = job;
    of->handle = job->job;
}

static void leave_job(call *of) { job_release(of->kept); }

/* A call on the engine `self`. */
#define ON_ENGINE(does) .function = does, .self = self, .enter = enter_engine, .leave = leave_engine

/* ---- The engine ----------------------------------------------------------------------------- */

static mgeo_status do_create(call *of) {
    mgeo_engine *engine;
    const mgeo_status status = mgeo_engine_create(of->options, &engine, &of->error);
    of->handle = engine;
    return status;
}

static VALUE engine_create(VALUE self, VALUE hash) {
    mgeo_engine_options options;
    VALUE held = rb_ary_new();
    record_fill(&mgeo_engine_options_shape, &options, hash, held);
    if (rb_check_typeddata(self, &engine_type) != NULL) refuse("the engine is there already");
    call of = {.function = do_create, .options = &options};
    call_run(&of);
    call_check(&of, Qnil);
    engine_share *share = calloc(1, sizeof *share);
    if (share == NULL) {
        mgeo_engine_destroy(of.handle);
        rb_memerror();
    }
    *share = (engine_share){.engine = of.handle, .users = 1};
    DATA_PTR(self) = share;
    RB_GC_GUARD(held);
    return self;
}

/* Calls of other threads that run, and jobs, end first: the last of them frees the engine. */
static VALUE engine_close(VALUE self) {
    engine_share *share = rb_check_typeddata(self, &engine_type);
    DATA_PTR(self) = NULL;
    if (share != NULL) engine_share_release(share);
    return Qnil;
}

static VALUE engine_is_closed(VALUE self) {
    return rb_check_typeddata(self, &engine_type) == NULL ? Qtrue : Qfalse;
}

static VALUE path_of(VALUE path, VALUE held, const char **into) {
    *into = NIL_P(path) ? NULL : record_text(path, held);
    return held;
}

static mgeo_status do_load(call *of) {
    return mgeo_load(of->handle, of->path, of->options, of->report, &of->error);
}

static VALUE engine_load(VALUE self, VALUE path, VALUE hash) {
    mgeo_load_options options;
    mgeo_model_info info = {.struct_size = sizeof info};
    call of = {ON_ENGINE(do_load), .options = &options, .report = &info};
    VALUE held = path_of(path, rb_ary_new(), &of.path);
    record_fill(&mgeo_load_options_shape, &options, hash, held);
    options.progress = &of.progress;
    call_run(&of);
    call_check(&of, Qnil);
    RB_GC_GUARD(held);
    return record_hash(&mgeo_model_info_shape, &info);
}

static mgeo_status do_unload(call *of) { return mgeo_unload(of->handle, &of->error); }

static VALUE engine_unload(VALUE self) {
    call of = {ON_ENGINE(do_unload)};
    call_run(&of);
    call_check(&of, Qnil);
    return Qnil;
}

static mgeo_status do_predict(call *of) {
    return mgeo_predict_memory(of->path, of->options, of->report, &of->error);
}

static VALUE predict_memory(VALUE self, VALUE path, VALUE hash) {
    mgeo_load_options options;
    mgeo_memory memory = {.struct_size = sizeof memory};
    call of = {.function = do_predict, .options = &options, .report = &memory};
    VALUE held = path_of(path, rb_ary_new(), &of.path);
    record_fill(&mgeo_load_options_shape, &options, hash, held);
    call_run(&of);
    call_check(&of, Qnil);
    RB_GC_GUARD(held);
    return record_hash(&mgeo_memory_shape, &memory);
}

/* ---- Scoring -------------------------------------------------------------------------------- */

static mgeo_status do_score(call *of) {
    return mgeo_score(of->handle, of->pairs, of->count, of->scores, &of->error);
}

static VALUE engine_score(VALUE self, VALUE list, VALUE options) {
    call of = {ON_ENGINE(do_score)};
    return call_score(&of, list, options);
}

static mgeo_status do_begin(call *of) {
    return mgeo_job_begin(of->handle, of->options, &of->job, &of->error);
}

/* A job keeps the engine. */
static void leave_engine_to_job(call *of) {
    if (of->job == NULL) leave_engine(of);
}

static VALUE engine_begin_job(VALUE self, VALUE hash) {
    mgeo_job_options options;
    job_object *made;
    VALUE object = TypedData_Make_Struct(job_class, job_object, &job_type, made);
    made->ended = 1;
    call of = {ON_ENGINE(do_begin), .options = &options};
    of.leave = leave_engine_to_job;
    record_fill(&mgeo_job_options_shape, &options, hash, rb_ary_new());
    call_run(&of);
    call_check(&of, Qnil);
    *made = (job_object){.job = of.job, .users = 1, .share = of.kept};
    return object;
}

static mgeo_status do_job_score(call *of) {
    return mgeo_job_score(of->handle, of->pairs, of->count, of->scores, &of->error);
}

static VALUE job_score(VALUE self, VALUE list, VALUE options) {
    call of = {.function = do_job_score, .self = self, .enter = enter_job, .leave = leave_job};
    return call_score(&of, list, options);
}

static VALUE job_info(VALUE self) {
    mgeo_model_info info = {.struct_size = sizeof info};
    call of = {.ran = 1};
    of.status = mgeo_job_get_info(job_of(self)->job, &info, &of.error);
    call_check(&of, Qnil);
    return record_hash(&mgeo_model_info_shape, &info);
}

static VALUE job_finish(VALUE self) {
    job_object *of = rb_check_typeddata(self, &job_type);
    if (!of->ended) {
        of->ended = 1;
        job_release(of);
    }
    return Qnil;
}

/* ---- Rolling out ---------------------------------------------------------------------------- */

/* The options of a gate or a comparison, of which `pairs` and `gold` are no plain members. */
typedef struct judged {
    const mgeo_pair *pairs;
    size_t count;
    const char *const *gold;
    VALUE owner;
} judged;

static judged fill_judged(const shape *shape, void *record, VALUE hash, VALUE held) {
    judged of;
    Check_Type(hash, T_HASH);
    VALUE plain = rb_hash_dup(hash);
    VALUE list = rb_hash_delete(plain, ID2SYM(rb_intern("pairs")));
    VALUE gold = rb_hash_delete(plain, ID2SYM(rb_intern("gold")));
    record_fill(shape, record, plain, held);
    if (NIL_P(list)) rb_raise(rb_eArgError, "missing keyword: :pairs");
    of.pairs = call_pairs(list, &of.count, &of.owner);
    of.gold = call_gold(gold, of.count, held);
    rb_ary_push(held, of.owner);
    return of;
}

static mgeo_status do_compare(call *of) {
    return mgeo_compare(of->handle, of->options, of->report, &of->error);
}

static VALUE engine_compare(VALUE self, VALUE hash, VALUE worst_count) {
    mgeo_compare_options options;
    mgeo_compare_report report = {.struct_size = sizeof report};
    call of = {ON_ENGINE(do_compare), .options = &options, .report = &report};
    VALUE owner, held = rb_ary_new(), worst = rb_ary_new();
    const judged given = fill_judged(&mgeo_compare_options_shape, &options, hash, held);
    options.pairs = given.pairs;
    options.count = given.count;
    options.gold = given.gold;
    options.progress = &of.progress;
    report.worst_capacity = (size_t)record_whole("worst", worst_count, UINT64_MAX);
    if (report.worst_capacity > given.count) report.worst_capacity = given.count;
    report.worst = record_memory(&owner, report.worst_capacity * sizeof(mgeo_shift));
    call_run(&of);
    call_check(&of, Qnil);
    VALUE answer = record_hash(&mgeo_compare_report_shape, &report);
    for (size_t i = 0; i < report.worst_count; i++) {
        rb_ary_push(worst, record_hash(&mgeo_shift_shape, &report.worst[i]));
    }
    rb_hash_aset(answer, ID2SYM(rb_intern("worst")), worst);
    RB_GC_GUARD(held);
    RB_GC_GUARD(owner);
    return answer;
}

static mgeo_status do_swap(call *of) {
    return mgeo_swap_model(of->handle, of->options, of->report, &of->error);
}

static VALUE engine_swap(VALUE self, VALUE hash, VALUE gate_hash, VALUE watch_hash) {
    mgeo_swap_options options;
    mgeo_gate gate;
    mgeo_watch watch;
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    call of = {ON_ENGINE(do_swap), .options = &options, .report = &receipt};
    VALUE held = rb_ary_new();
    record_fill(&mgeo_swap_options_shape, &options, hash, held);
    record_fill(&mgeo_watch_shape, &watch, watch_hash, held);
    if (!NIL_P(watch_hash)) options.watch = &watch;
    if (!NIL_P(gate_hash)) {
        const judged given = fill_judged(&mgeo_gate_shape, &gate, gate_hash, held);
        gate.pairs = given.pairs;
        gate.count = given.count;
        gate.gold = given.gold;
        gate.progress = &of.progress;
        options.gate = &gate;
    }
    call_run(&of);
    VALUE answer = record_hash(&mgeo_swap_receipt_shape, &receipt);
    call_check(&of, of.status == MGEO_E_REFUSED ? answer : Qnil);
    RB_GC_GUARD(held);
    return answer;
}

static mgeo_status do_roll_back(call *of) {
    return mgeo_roll_back(of->handle, of->options, of->report, &of->error);
}

static VALUE engine_roll_back(VALUE self, VALUE hash) {
    mgeo_roll_back_options options;
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    call of = {ON_ENGINE(do_roll_back), .options = &options, .report = &receipt};
    VALUE held = rb_ary_new();
    record_fill(&mgeo_roll_back_options_shape, &options, hash, held);
    call_run(&of);
    call_check(&of, Qnil);
    RB_GC_GUARD(held);
    return record_hash(&mgeo_swap_receipt_shape, &receipt);
}

static mgeo_status do_canary(call *of) {
    return mgeo_set_canary(of->handle, (uint32_t)of->number, of->options, &of->error);
}

static VALUE engine_set_canary(VALUE self, VALUE part, VALUE hash, VALUE watch_hash) {
    mgeo_canary_options options;
    mgeo_watch watch;
    call of = {ON_ENGINE(do_canary), .options = &options,
               .number = record_whole("share", part, UINT32_MAX)};
    VALUE held = rb_ary_new();
    record_fill(&mgeo_canary_options_shape, &options, hash, held);
    record_fill(&mgeo_watch_shape, &watch, watch_hash, held);
    if (!NIL_P(watch_hash)) options.watch = &watch;
    call_run(&of);
    call_check(&of, Qnil);
    RB_GC_GUARD(held);
    return Qnil;
}

static mgeo_status do_shadow(call *of) {
    return mgeo_set_shadow(of->handle, (uint32_t)of->number, of->options, &of->error);
}

static VALUE engine_set_shadow(VALUE self, VALUE part, VALUE hash) {
    mgeo_shadow_options options;
    call of = {ON_ENGINE(do_shadow), .options = &options,
               .number = record_whole("share", part, UINT32_MAX)};
    VALUE held = rb_ary_new();
    record_fill(&mgeo_shadow_options_shape, &options, hash, held);
    call_run(&of);
    call_check(&of, Qnil);
    RB_GC_GUARD(held);
    return Qnil;
}

/* ---- Queries: short, and so made with the GVL ----------------------------------------------- */

#define QUERY(name, type, function)                                                                \
    static VALUE name(VALUE self) {                                                                \
        type answer = {.struct_size = sizeof answer};                                              \
        call of = {.ran = 1};                                                                      \
        of.status = function(share_of(self)->engine, &answer, &of.error);                          \
        call_check(&of, Qnil);                                                                     \
        return record_hash(&type##_shape, &answer);                                                \
    }
#define QUERY_OF_SLOT(name, type, function)                                                        \
    static VALUE name(VALUE self, VALUE slot) {                                                    \
        type answer = {.struct_size = sizeof answer};                                              \
        call of = {.ran = 1, .number = record_enumerator("mgeo_slot", slot)};                      \
        of.status = function(share_of(self)->engine, (int32_t)of.number, &answer, &of.error);      \
        call_check(&of, Qnil);                                                                     \
        return record_hash(&type##_shape, &answer);                                                \
    }
QUERY(engine_watch, mgeo_watch_report, mgeo_get_watch)
QUERY(engine_shadow, mgeo_shadow_report, mgeo_get_shadow)
QUERY(engine_rollout, mgeo_rollout, mgeo_get_rollout)
QUERY_OF_SLOT(engine_info, mgeo_model_info, mgeo_get_info)
QUERY_OF_SLOT(engine_stats, mgeo_stats, mgeo_get_stats)

static VALUE engine_shadow_pair(VALUE self, VALUE rank) {
    mgeo_shift shift;
    char a[1024], b[1024];
    call of = {.ran = 1};
    of.status = mgeo_get_shadow_pair(share_of(self)->engine,
                                     (uint32_t)record_whole("rank", rank, UINT32_MAX), &shift, a,
                                     sizeof a, b, sizeof b, &of.error);
    call_check(&of, Qnil);
    VALUE hash = record_hash(&mgeo_shift_shape, &shift);
    rb_hash_aset(hash, ID2SYM(rb_intern("pair")),
                 rb_ary_new_from_args(2, rb_utf8_str_new_cstr(a), rb_utf8_str_new_cstr(b)));
    return hash;
}

static VALUE engine_unused_field(VALUE self, VALUE slot, VALUE index) {
    mgeo_unused_field field = {.struct_size = sizeof field};
    call of = {.ran = 1, .number = record_enumerator("mgeo_slot", slot)};
    of.status = mgeo_get_unused_field(share_of(self)->engine, (int32_t)of.number, NUM2ULL(index),
                                      &field, &of.error);
    call_check(&of, Qnil);
    return record_hash(&mgeo_unused_field_shape, &field);
}

static VALUE engine_unused_tensor(VALUE self, VALUE slot, VALUE index) {
    char name[1024];
    call of = {.ran = 1, .number = record_enumerator("mgeo_slot", slot)};
    of.status = mgeo_get_unused_tensor(share_of(self)->engine, (int32_t)of.number, NUM2ULL(index),
                                       name, sizeof name, &of.error);
    call_check(&of, Qnil);
    return rb_utf8_str_new_cstr(name);
}

/* It may grow between two calls. */
static VALUE engine_metrics(VALUE self, VALUE format) {
    const int32_t number = record_enumerator("mgeo_metrics_format", format);
    VALUE owner, text = Qnil;
    for (size_t room = 16384, length; NIL_P(text); room = length + 4096) {
        call of = {.ran = 1};
        char *memory = record_memory(&owner, room);
        of.status =
            mgeo_write_metrics(share_of(self)->engine, number, memory, room, &length, &of.error);
        if (of.status != MGEO_E_CAPACITY) call_check(&of, Qnil);
        if (of.status == MGEO_OK) text = rb_utf8_str_new(memory, (long)length);
    }
    RB_GC_GUARD(owner);
    return text;
}

static mgeo_status do_verify(call *of) {
    return mgeo_journal_verify(of->path, of->report, &of->error);
}

/* [is it valid, the report] */
static VALUE journal_verify(VALUE self, VALUE path) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    call of = {.function = do_verify, .report = &report};
    VALUE held = path_of(path, rb_ary_new(), &of.path);
    const mgeo_status status = call_run(&of);
    if (status != MGEO_E_FORMAT) call_check(&of, Qnil);
    RB_GC_GUARD(held);
    return rb_ary_new_from_args(2, status == MGEO_OK ? Qtrue : Qfalse,
                                record_hash(&mgeo_journal_report_shape, &report));
}

static VALUE version(VALUE self) { return rb_utf8_str_new_cstr(mgeo_version()); }

/* ---- The module ----------------------------------------------------------------------------- */

typedef struct method {
    const char *name;
    VALUE (*function)(ANYARGS);
    int arguments;
} method;

#define METHOD(name, function, arguments)                                                          \
    { name, (VALUE(*)(ANYARGS))function, arguments }

static const method engine_methods[] = {
    METHOD("native_create", engine_create, 1),
    METHOD("native_load", engine_load, 2),
    METHOD("native_score", engine_score, 2),
    METHOD("native_job", engine_begin_job, 1),
    METHOD("native_compare", engine_compare, 2),
    METHOD("native_swap", engine_swap, 3),
    METHOD("native_roll_back", engine_roll_back, 1),
    METHOD("native_canary", engine_set_canary, 3),
    METHOD("native_set_shadow", engine_set_shadow, 2),
    METHOD("native_info", engine_info, 1),
    METHOD("native_stats", engine_stats, 1),
    METHOD("native_watch", engine_watch, 0),
    METHOD("native_shadow", engine_shadow, 0),
    METHOD("native_rollout", engine_rollout, 0),
    METHOD("native_metrics", engine_metrics, 1),
    METHOD("native_shadow_pair", engine_shadow_pair, 1),
    METHOD("native_field", engine_unused_field, 2),
    METHOD("native_tensor", engine_unused_tensor, 2),
};

static void define_module(void) {
    rb_define_singleton_method(module, "version", version, 0);
    rb_define_singleton_method(module, "members", record_members, 1);
    rb_define_singleton_method(module, "enumerators", record_enumerators, 1);
    rb_define_singleton_method(module, "native_predict", predict_memory, 2);
    rb_define_singleton_method(module, "native_verify", journal_verify, 1);
}

RUBY_FUNC_EXPORTED void Init_mgeo_ext(void);

void Init_mgeo_ext(void) {
    module = rb_define_module("Mgeo");
    define_module();
    VALUE engine_class = rb_define_class_under(module, "Engine", rb_cObject);
    rb_define_alloc_func(engine_class, engine_allocate);
    for (size_t i = 0; i < sizeof engine_methods / sizeof *engine_methods; i++) {
        const method *of = &engine_methods[i];
        rb_define_private_method(engine_class, of->name, of->function, of->arguments);
    }
    rb_define_method(engine_class, "unload", engine_unload, 0);
    rb_define_method(engine_class, "close", engine_close, 0);
    rb_define_method(engine_class, "closed?", engine_is_closed, 0);
    job_class = rb_define_class_under(module, "Job", rb_cObject);
    rb_undef_alloc_func(job_class);
    rb_define_private_method(job_class, "native_score", job_score, 2);
    rb_define_private_method(job_class, "native_info", job_info, 0);
    rb_define_method(job_class, "finish", job_finish, 0);
}
