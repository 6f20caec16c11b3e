// SPDX-License-Identifier: Apache-2.0
// What all of mgeo.hpp needs: structs with their sizes set, failures, names, progress and
// cancellation.
#ifndef MGEO_BASE_HPP
#define MGEO_BASE_HPP

#include <mgeo.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#if __cplusplus >= 202002L
#include <stop_token>
#endif

#if !defined(MGEO_RESULTS) && !defined(__cpp_exceptions)
#define MGEO_RESULTS 1
#endif
// Both ways may be linked into one program: their functions have different names.
#ifdef MGEO_RESULTS
#define MGEO_WAY results
#else
#define MGEO_WAY exceptions
#endif

namespace mgeo {
inline namespace MGEO_WAY {

// ---- Structs of mgeo.h --------------------------------------------------------------------------

// A versioned struct of mgeo.h, ready to be filled in: all zero but its struct_size.
template <class Struct> struct versioned : Struct {
    versioned() noexcept : Struct{} { this->struct_size = sizeof(Struct); }
};

using load_options = versioned<mgeo_load_options>;
using model_info = versioned<mgeo_model_info>;
using memory = versioned<mgeo_memory>;
using job_options = versioned<mgeo_job_options>;
using arrow_options = versioned<mgeo_arrow_options>;
using compare_options = versioned<mgeo_compare_options>;
using gate = versioned<mgeo_gate>;
using watch = versioned<mgeo_watch>;
using swap_options = versioned<mgeo_swap_options>;
using swap_receipt = versioned<mgeo_swap_receipt>;
using roll_back_options = versioned<mgeo_roll_back_options>;
using watch_report = versioned<mgeo_watch_report>;
using canary_options = versioned<mgeo_canary_options>;
using shadow_options = versioned<mgeo_shadow_options>;
using shadow_report = versioned<mgeo_shadow_report>;
using unused_field = versioned<mgeo_unused_field>;
using stats = versioned<mgeo_stats>;
using rollout = versioned<mgeo_rollout>;
using index_options = versioned<mgeo_index_options>;
using index_info = versioned<mgeo_index_info>;
using search_options = versioned<mgeo_search_options>;
using cluster_options = versioned<mgeo_cluster_options>;

// Receives a line of the log and its level (an mgeo_log_level); must not call libmgeo. What it
// throws is dropped.
using log_function = std::function<void(std::int32_t level, std::string_view line)>;

struct engine_options : versioned<mgeo_engine_options> {
    log_function on_line; // instead of log and log_user; the engine keeps a copy
};

struct comparison : versioned<mgeo_compare_report> {
    std::vector<mgeo_shift>
        worst_pairs; // largest shift first; worst and worst_capacity are not used
};

struct shadow_pair {
    mgeo_shift shift{};
    std::string a, b;
};

struct journal_report : versioned<mgeo_journal_report> {
    bool valid =
        false; // no line was cut, edited, added or moved; else `reason` says what and where
};

// ---- Failures -----------------------------------------------------------------------------------

#ifdef MGEO_RESULTS

template <class Value> class [[nodiscard]] result {
  public:
    result() noexcept : why_{} {}
    result(const mgeo_error &why, Value &&value) : why_(why), value_(std::move(value)) {}
    explicit operator bool() const noexcept { return why_.status == MGEO_OK; }
    std::int32_t status() const noexcept { return why_.status; }
    const char *message() const noexcept { return why_.message; }
    // After a failure: what the call filled in nevertheless, as the receipt of a swap that was
    // refused.
    Value &operator*() noexcept { return value_; }
    const Value &operator*() const noexcept { return value_; }
    Value *operator->() noexcept { return &value_; }
    const Value *operator->() const noexcept { return &value_; }

  private:
    mgeo_error why_;
    Value value_{};
};

template <> class [[nodiscard]] result<void> {
  public:
    result() noexcept : why_{} {}
    explicit result(const mgeo_error &why) noexcept : why_(why) {}
    explicit operator bool() const noexcept { return why_.status == MGEO_OK; }
    std::int32_t status() const noexcept { return why_.status; }
    const char *message() const noexcept { return why_.message; }

  private:
    mgeo_error why_;
};

#else

template <class Value> using result = Value;

class error : public std::runtime_error {
  public:
    explicit error(const mgeo_error &why) : std::runtime_error(why.message), status_(why.status) {}
    std::int32_t status() const noexcept { return status_; } // an mgeo_status

  private:
    std::int32_t status_;
};

// A swap that its conditions refused; the receipt has the gate's figures and limits.
class refused : public error {
  public:
    refused(const mgeo_error &why, const swap_receipt &receipt) : error(why), receipt_(receipt) {}
    const swap_receipt &receipt() const noexcept { return receipt_; }

  private:
    swap_receipt receipt_;
};

#endif

namespace detail {

// Where a text begins, which an empty one need not say.
inline const char *start(std::string_view text) noexcept {
    return text.data() == nullptr ? "" : text.data();
}

#ifdef MGEO_RESULTS
inline result<void> answer(mgeo_status, const mgeo_error &why) { return result<void>(why); }

template <class Value> result<Value> answer(mgeo_status, const mgeo_error &why, Value &value) {
    return result<Value>(why, std::move(value));
}

template <class Value>
result<Value> answer_swap(mgeo_status, const mgeo_error &why, Value &receipt) {
    return result<Value>(why, std::move(receipt));
}
#else
inline void answer(mgeo_status status, const mgeo_error &why) {
    if (status != MGEO_OK) throw error(why);
}

template <class Value> Value answer(mgeo_status status, const mgeo_error &why, Value &value) {
    answer(status, why);
    return std::move(value);
}

template <class Value>
Value answer_swap(mgeo_status status, const mgeo_error &why, Value &receipt) {
    if (status == MGEO_E_REFUSED) throw refused(why, receipt);
    return answer(status, why, receipt);
}
#endif

// The answer of `call`, which fills in a Value and says why it could not.
template <class Value, class Call> result<Value> ask(Call &&call) {
    Value value;
    mgeo_error why;
    const mgeo_status status = call(value, why);
    return answer(status, why, value);
}

template <class Call> result<swap_receipt> ask_swap(Call &&call) {
    swap_receipt receipt;
    mgeo_error why;
    const mgeo_status status = call(receipt, why);
    return answer_swap(status, why, receipt);
}

// The same of a call that fills in nothing.
template <class Call> result<void> order(Call &&call) {
    mgeo_error why;
    const mgeo_status status = call(why);
    return answer(status, why);
}

} // namespace detail

// ---- Arrays -------------------------------------------------------------------------------------

// Items in a row, borrowed: a vector, array or span of them, or a pointer and a count.
template <class Item> class borrowed {
  public:
    borrowed(const Item *data, std::size_t count) noexcept : data_(data), size_(count) {}
    template <std::size_t count>
    borrowed(const Item (&array)[count]) noexcept : borrowed(array, count) {}
    template <class Row, class = std::enable_if_t<std::is_convertible_v<
                             decltype(std::declval<const Row &>().data()), const Item *>>>
    borrowed(const Row &row) noexcept : borrowed(row.data(), row.size()) {}

    const Item *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

  private:
    const Item *data_;
    std::size_t size_;
};

// ---- Names --------------------------------------------------------------------------------------

inline const char *version() noexcept { return mgeo_version(); }
inline const char *status_name(std::int32_t status) noexcept { return mgeo_status_name(status); }
inline const char *status_text(std::int32_t status) noexcept { return mgeo_status_text(status); }
inline const char *stage_name(std::int32_t stage) noexcept { return mgeo_stage_name(stage); }
inline const char *slot_name(std::int32_t slot) noexcept { return mgeo_slot_name(slot); }
inline const char *log_level_name(std::int32_t level) noexcept {
    return mgeo_log_level_name(level);
}
inline const char *precision_name(std::int32_t number) noexcept {
    return mgeo_precision_name(number);
}
inline const char *row_flag_name(std::uint32_t flag) noexcept { return mgeo_row_flag_name(flag); }
inline const char *arrow_column_name(std::uint32_t column) noexcept {
    return mgeo_arrow_column_name(column);
}
inline const char *watch_state_name(std::int32_t state) noexcept {
    return mgeo_watch_state_name(state);
}
inline const char *metrics_format_name(std::int32_t format) noexcept {
    return mgeo_metrics_format_name(format);
}
inline const char *candidate_flag_name(std::uint32_t flag) noexcept {
    return mgeo_candidate_flag_name(flag);
}
inline const char *cut_name(std::int32_t cut) noexcept { return mgeo_cut_name(cut); }

// ---- Progress and cancellation ------------------------------------------------------------------

// One call's progress. Give get() to the call's options; any thread may read or cancel meanwhile.
class progress {
  public:
    struct reading {
        std::int32_t stage = MGEO_STAGE_IDLE; // an mgeo_stage
        std::uint64_t done = 0, total = 0;
    };

    progress() noexcept = default;
    progress(const progress &) = delete;
    progress &operator=(const progress &) = delete;

    mgeo_progress *get() noexcept { return &block_; }
    void cancel() noexcept { mgeo_progress_cancel(&block_); }
    void reset() noexcept { block_ = mgeo_progress{}; } // before the next call that uses it

    reading read() const noexcept {
        reading now;
        mgeo_progress_read(&block_, &now.stage, &now.done, &now.total);
        return now;
    }

  private:
    mgeo_progress block_{};
};

#ifdef __cpp_lib_jthread
// While it lives, a stop request cancels the call that uses the block.
class cancel_on {
  public:
    cancel_on(const std::stop_token &stop, mgeo_progress *block)
        : callback_(stop, canceller{block}) {}

  private:
    struct canceller {
        mgeo_progress *block;
        void operator()() const noexcept { mgeo_progress_cancel(block); }
    };
    std::stop_callback<canceller> callback_;
};
#endif

} // namespace MGEO_WAY
} // namespace mgeo

#endif
