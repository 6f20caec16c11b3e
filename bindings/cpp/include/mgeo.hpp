// SPDX-License-Identifier: Apache-2.0
// libmgeo in C++17 and C++20: engines, jobs, tables and indexes that own what they hold. Headers
// alone.
//
// What a function does, which errors it answers and what each member of a struct means is told in
// mgeo.h, whose structs are used as they are: mgeo::load_options is mgeo_load_options, zeroed and
// with its struct_size set.
//
// Failures are exceptions, mgeo::error, with the status and the library's line. Compiled with
// -fno-exceptions, or with MGEO_RESULTS defined, functions answer mgeo::result<T> instead: true if
// the call succeeded, *result is then the value, and status() and message() say what failed. Memory
// that C++ itself cannot get is std::bad_alloc. Functions may be called by any number of threads at
// once; moving and destroying an object may not.
#ifndef MGEO_HPP
#define MGEO_HPP

#include <mgeo/base.hpp>
#include <mgeo/match.hpp>
#include <mgeo/score.hpp>

#include <memory>

namespace mgeo {
inline namespace MGEO_WAY {

// ---- Arrow --------------------------------------------------------------------------------------

// An ArrowSchema, ArrowArray or ArrowArrayStream that is released once, by its owner.
template <class Struct> class arrow_owner {
  public:
    arrow_owner() noexcept : value_{} {}
    explicit arrow_owner(Struct &moved) noexcept : value_(moved) { moved.release = nullptr; }
    arrow_owner(arrow_owner &&other) noexcept : value_(other.value_) {
        other.value_.release = nullptr;
    }
    arrow_owner &operator=(arrow_owner &&other) noexcept {
        if (this != &other) {
            reset();
            value_ = other.value_;
            other.value_.release = nullptr;
        }
        return *this;
    }
    ~arrow_owner() { reset(); }

    void reset() noexcept {
        if (value_.release != nullptr) value_.release(&value_);
        value_.release = nullptr;
    }
    explicit operator bool() const noexcept { return value_.release != nullptr; }
    Struct *get() noexcept { return &value_; } // to be filled, or given to a consumer that moves it
    const Struct *get() const noexcept { return &value_; }
    Struct *operator->() noexcept { return &value_; }
    const Struct *operator->() const noexcept { return &value_; }

  private:
    Struct value_;
};

using arrow_schema = arrow_owner<ArrowSchema>;
using arrow_array = arrow_owner<ArrowArray>;
using arrow_stream = arrow_owner<ArrowArrayStream>;

struct arrow_table {
    arrow_schema schema;
    arrow_array array;
};

// ---- Jobs ---------------------------------------------------------------------------------------

// One model for many calls, made by engine::begin_job; ends before its engine does.
class job : public detail::scorer<job, mgeo_job, &mgeo_job_score> {
  public:
    job() noexcept = default; // none
    explicit job(mgeo_job *owned) noexcept : handle_(owned) {}

    mgeo_job *get() const noexcept { return handle_.get(); } // for arrow_options, too
    void end() noexcept { handle_.reset(); }

    result<model_info> info() const {
        return detail::ask<model_info>(
            [&](auto &filled, mgeo_error &why) { return mgeo_job_get_info(get(), &filled, &why); });
    }

  private:
    struct ender {
        void operator()(mgeo_job *ended) const noexcept { mgeo_job_end(ended); }
    };
    std::unique_ptr<mgeo_job, ender> handle_;
};

// ---- The engine ---------------------------------------------------------------------------------

class engine : public detail::scorer<engine, mgeo_engine, &mgeo_score> {
  public:
    static result<engine> create(const engine_options &options = engine_options()) {
        engine made(nullptr);
        mgeo_engine *handle = nullptr;
        mgeo_error why;
        mgeo_engine_options raw = options;
        if (options.on_line) {
            made.handle_.get_deleter().log = std::make_unique<log_function>(options.on_line);
            raw.log = log_line;
            raw.log_user = made.handle_.get_deleter().log.get();
        }
        const mgeo_status status = mgeo_engine_create(&raw, &handle, &why);
        made.handle_.reset(handle);
        return detail::answer(status, why, made);
    }

    explicit engine(std::nullptr_t) noexcept {} // none
#ifdef MGEO_RESULTS
    engine() noexcept = default; // none: create() makes one
#else
    engine() : engine(create()) {}
    explicit engine(const engine_options &options) : engine(create(options)) {}
#endif

    mgeo_engine *get() const noexcept { return handle_.get(); }
    void close() noexcept { handle_.reset(); }

    // ---- Loading

    result<model_info> load(const char *path = nullptr,
                            const mgeo_load_options &options = load_options()) {
        return detail::ask<model_info>([&](auto &info, mgeo_error &why) {
            return mgeo_load(get(), path, &options, &info, &why);
        });
    }

#ifdef __cpp_lib_jthread
    result<model_info> load(const std::stop_token &stop, const char *path = nullptr,
                            mgeo_load_options options = load_options()) {
        progress own;
        if (options.progress == nullptr) options.progress = own.get();
        const cancel_on cancelling(stop, options.progress);
        return load(path, options);
    }
#endif

    result<void> unload() {
        return detail::order([&](mgeo_error &why) { return mgeo_unload(get(), &why); });
    }

    result<job> begin_job(const mgeo_job_options &options = job_options()) {
        mgeo_job *handle = nullptr;
        mgeo_error why;
        const mgeo_status status = mgeo_job_begin(get(), &options, &handle, &why);
        job begun(handle);
        return detail::answer(status, why, begun);
    }

    // ---- Tables

    result<arrow_table> score_arrow(const ArrowSchema &schema, const ArrowArray &array,
                                    const mgeo_arrow_options &options = arrow_options()) {
        return detail::ask<arrow_table>([&](auto &table, mgeo_error &why) {
            return mgeo_score_arrow(get(), &schema, &array, &options, table.schema.get(),
                                    table.array.get(), &why);
        });
    }

    // On success `batches` is moved into the answer, which ends before its job and its engine do.
    result<arrow_stream> score_arrow_stream(ArrowArrayStream &batches,
                                            const mgeo_arrow_options &options = arrow_options()) {
        return detail::ask<arrow_stream>([&](auto &stream, mgeo_error &why) {
            return mgeo_score_arrow_stream(get(), &batches, &options, stream.get(), &why);
        });
    }

    // ---- Rolling out

    result<comparison> compare(const mgeo_compare_options &options, std::size_t worst = 16) {
        return detail::ask<comparison>([&](auto &report, mgeo_error &why) {
            const std::size_t room = worst < options.count ? worst : options.count;
            report.worst_pairs.resize(room);
            report.worst = room == 0 ? nullptr : report.worst_pairs.data();
            report.worst_capacity = room;
            const mgeo_status status = mgeo_compare(get(), &options, &report, &why);
            report.worst_pairs.resize(status == MGEO_OK ? report.worst_count : 0);
            report.worst = nullptr;
            report.worst_capacity = 0;
            return status;
        });
    }

#ifdef __cpp_lib_jthread
    result<comparison> compare(const std::stop_token &stop, mgeo_compare_options options,
                               std::size_t worst = 16) {
        progress own;
        if (options.progress == nullptr) options.progress = own.get();
        const cancel_on cancelling(stop, options.progress);
        return compare(options, worst);
    }
#endif

    // Where a condition refuses: mgeo::refused, or a result whose receipt is filled.
    result<swap_receipt> swap(const mgeo_swap_options &options = swap_options()) {
        return detail::ask_swap([&](auto &receipt, mgeo_error &why) {
            return mgeo_swap_model(get(), &options, &receipt, &why);
        });
    }

    result<swap_receipt> roll_back(const mgeo_roll_back_options &options = roll_back_options()) {
        return detail::ask_swap([&](auto &receipt, mgeo_error &why) {
            return mgeo_roll_back(get(), &options, &receipt, &why);
        });
    }

    result<watch_report> get_watch() const {
        return detail::ask<watch_report>(
            [&](auto &report, mgeo_error &why) { return mgeo_get_watch(get(), &report, &why); });
    }

    result<void> set_canary(std::uint32_t share,
                            const mgeo_canary_options &options = canary_options()) {
        return detail::order(
            [&](mgeo_error &why) { return mgeo_set_canary(get(), share, &options, &why); });
    }

    result<void> set_shadow(std::uint32_t share,
                            const mgeo_shadow_options &options = shadow_options()) {
        return detail::order(
            [&](mgeo_error &why) { return mgeo_set_shadow(get(), share, &options, &why); });
    }

    result<shadow_report> get_shadow() const {
        return detail::ask<shadow_report>(
            [&](auto &report, mgeo_error &why) { return mgeo_get_shadow(get(), &report, &why); });
    }

    result<shadow_pair> get_shadow_pair(std::uint32_t rank) const {
        return detail::ask<shadow_pair>([&](auto &found, mgeo_error &why) {
            char a[1024] = "", b[1024] = "";
            const mgeo_status status =
                mgeo_get_shadow_pair(get(), rank, &found.shift, a, sizeof a, b, sizeof b, &why);
            found.a = a;
            found.b = b;
            return status;
        });
    }

    // ---- Queries

    result<model_info> info(std::int32_t slot = MGEO_LIVE) const {
        return detail::ask<model_info>(
            [&](auto &found, mgeo_error &why) { return mgeo_get_info(get(), slot, &found, &why); });
    }

    result<mgeo::stats> stats(std::int32_t slot = MGEO_LIVE) const {
        return detail::ask<mgeo::stats>([&](auto &counts, mgeo_error &why) {
            return mgeo_get_stats(get(), slot, &counts, &why);
        });
    }

    result<mgeo::rollout> rollout() const {
        return detail::ask<mgeo::rollout>(
            [&](auto &state, mgeo_error &why) { return mgeo_get_rollout(get(), &state, &why); });
    }

    result<std::string> unused_tensor(std::uint64_t index, std::int32_t slot = MGEO_LIVE) const {
        return detail::ask<std::string>([&](auto &found, mgeo_error &why) {
            char name[1024] = "";
            const mgeo_status status =
                mgeo_get_unused_tensor(get(), slot, index, name, sizeof name, &why);
            found = name;
            return status;
        });
    }

    result<mgeo::unused_field> unused_field(std::uint64_t index,
                                            std::int32_t slot = MGEO_LIVE) const {
        return detail::ask<mgeo::unused_field>([&](auto &field, mgeo_error &why) {
            return mgeo_get_unused_field(get(), slot, index, &field, &why);
        });
    }

    result<std::string> metrics(std::int32_t format = MGEO_METRICS_OPENMETRICS) const {
        std::string text;
        std::size_t length = 0;
        mgeo_error why;
        mgeo_status status = MGEO_E_CAPACITY;
        while (status == MGEO_E_CAPACITY) { // it may have grown since its length was asked for
            text.resize(length == 0 ? 0 : length + 4096);
            status = mgeo_write_metrics(get(), format, text.empty() ? nullptr : &text[0],
                                        text.size(), &length, &why);
            if (status == MGEO_OK && text.size() <= length) status = MGEO_E_CAPACITY;
        }
        text.resize(status == MGEO_OK ? length : 0);
        return detail::answer(status, why, text);
    }

  private:
    // What the log's lines go to is freed after the engine.
    struct closer {
        std::unique_ptr<log_function> log;
        void operator()(mgeo_engine *closed) const noexcept { mgeo_engine_destroy(closed); }
    };

    static void log_line(void *user, std::int32_t level, const char *line) noexcept {
#ifdef __cpp_exceptions
        try {
            (*static_cast<log_function *>(user))(level, line);
        } catch (...) {// must not unwind through the library, which holds locks here
        }
#else
        (*static_cast<log_function *>(user))(level, line);
#endif
    }

    std::unique_ptr<mgeo_engine, closer> handle_;
};

// ---- Without an engine --------------------------------------------------------------------------

inline result<memory> predict_memory(const char *path = nullptr,
                                     const mgeo_load_options &options = load_options()) {
    return detail::ask<memory>([&](auto &needed, mgeo_error &why) {
        return mgeo_predict_memory(path, &options, &needed, &why);
    });
}

// A journal that is not valid is an answer here and no failure.
inline result<journal_report> journal_verify(const char *path) {
    return detail::ask<journal_report>([&](auto &report, mgeo_error &why) {
        const mgeo_status status = mgeo_journal_verify(path, &report, &why);
        report.valid = status == MGEO_OK;
        if (status != MGEO_E_FORMAT) return status;
        why = mgeo_error{};
        return MGEO_OK;
    });
}

} // namespace MGEO_WAY
} // namespace mgeo

#endif
