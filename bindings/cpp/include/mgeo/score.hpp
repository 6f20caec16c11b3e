// SPDX-License-Identifier: Apache-2.0
// Pairs, their scores, and the calls that engines and jobs score with: a part of mgeo.hpp.
#ifndef MGEO_SCORE_HPP
#define MGEO_SCORE_HPP

#include <mgeo/base.hpp>

#if __cplusplus >= 202002L
#include <span>
#endif

namespace mgeo {
inline namespace MGEO_WAY {

// ---- Pairs and scores ---------------------------------------------------------------------------

// Two texts, borrowed.
inline mgeo_pair pair(std::string_view a, std::string_view b) noexcept {
    return {detail::start(a), a.size(), detail::start(b), b.size()};
}

// Pairs of a range whose elements have `first` and `second`, as a vector of std::pair or a map;
// texts are borrowed.
template <class Range> std::vector<mgeo_pair> make_pairs(const Range &range) {
    std::vector<mgeo_pair> made;
    for (const auto &element : range) made.push_back(pair(element.first, element.second));
    return made;
}

// Pairs in a row, borrowed: a vector, array or span of mgeo_pair, or a pointer and a count.
using pairs = borrowed<mgeo_pair>;

struct score_options {
    bool labels = true, flags = true; // what to answer besides similarity
    bool probabilities = false, logits = false;
    std::uint64_t route_key = 0;
    mgeo_progress *progress = nullptr;
};

// A call's answers. Reused for many calls, it allocates only when a call has more pairs than those
// before.
struct scores {
    std::vector<float> similarity;   // [pairs]; NaN for rows without a score
    std::vector<std::int32_t> label; // [pairs] and so on, or empty if not asked for; -1: no score
    std::vector<std::uint32_t> flags;
    std::vector<float> probabilities; // [pairs * label_count], row-major
    std::vector<float> logits;
    std::uint64_t generation = 0; // the model that answered all of it
    std::uint64_t tokens = 0;
    std::uint32_t label_count = 0, bad_rows = 0;

    const float *probabilities_of(std::size_t row) const noexcept {
        return probabilities.data() + row * label_count;
    }
    const float *logits_of(std::size_t row) const noexcept {
        return logits.data() + row * label_count;
    }
#if __cplusplus >= 202002L
    std::span<const float> probability_row(std::size_t row) const {
        return {probabilities_of(row), label_count};
    }
    std::span<const float> logit_row(std::size_t row) const {
        return {logits_of(row), label_count};
    }
#endif
};

// One pair's answer.
struct single_score {
    float similarity = 0;
    std::int32_t label = -1;
    std::uint32_t flags = 0; // sums of mgeo_row_flag
    std::uint64_t generation = 0;
};

namespace detail {

// mgeo_score or mgeo_job_score.
template <class Handle>
using score_call = mgeo_status(Handle *, const mgeo_pair *, std::size_t, mgeo_scores *,
                               mgeo_error *);

// Rows of `stride` floats are moved together to rows of `count`.
inline void pack_rows(std::vector<float> &floats, std::size_t stride, std::size_t count) {
    if (floats.empty() || count >= stride) return;
    const std::size_t rows = floats.size() / stride;
    for (std::size_t row = 0; row < rows; row++) {
        for (std::size_t i = 0; i < count; i++) floats[row * count + i] = floats[row * stride + i];
    }
    floats.resize(rows * count);
}

inline mgeo_scores point_at(scores &into, std::size_t count, std::size_t stride,
                            const score_options &options) {
    versioned<mgeo_scores> raw;
    into.similarity.resize(count == 0 ? 1 : count); // the pointer is required for no pairs too
    into.label.resize(options.labels ? count : 0);
    into.flags.resize(options.flags ? count : 0);
    into.probabilities.resize(options.probabilities ? count * stride : 0);
    into.logits.resize(options.logits ? count * stride : 0);
    raw.similarity = into.similarity.data();
    raw.label = options.labels && count > 0 ? into.label.data() : nullptr;
    raw.flags = options.flags && count > 0 ? into.flags.data() : nullptr;
    raw.probabilities = options.probabilities && count > 0 ? into.probabilities.data() : nullptr;
    raw.logits = options.logits && count > 0 ? into.logits.data() : nullptr;
    raw.probability_stride = raw.probabilities != nullptr || raw.logits != nullptr ? stride : 0;
    raw.route_key = options.route_key;
    raw.progress = options.progress;
    return raw;
}

// Which model will answer, and so how many labels it has, is known afterwards only: few are assumed
// first.
template <class Handle>
mgeo_status score(score_call<Handle> *call, Handle *handle, pairs of, const score_options &options,
                  scores &into, mgeo_error &why) {
    mgeo_status status = MGEO_E_CAPACITY;
    for (std::size_t stride : {std::size_t{4}, std::size_t{MGEO_MAX_LABELS}}) {
        mgeo_scores raw = point_at(into, of.size(), stride, options);
        status = call(handle, of.data(), of.size(), &raw, &why);
        into.generation = raw.generation;
        into.tokens = raw.tokens;
        into.label_count = raw.label_count;
        into.bad_rows = raw.bad_rows;
        if (status == MGEO_E_CAPACITY) continue;
        into.similarity.resize(of.size());
        pack_rows(into.probabilities, stride, raw.label_count);
        pack_rows(into.logits, stride, raw.label_count);
        break;
    }
    return status;
}

template <class Handle>
mgeo_status score_one(score_call<Handle> *call, Handle *handle, const mgeo_pair &of,
                      std::uint64_t route_key, single_score &into, mgeo_error &why) {
    versioned<mgeo_scores> raw;
    raw.similarity = &into.similarity;
    raw.label = &into.label;
    raw.flags = &into.flags;
    raw.route_key = route_key;
    const mgeo_status status = call(handle, &of, 1, &raw, &why);
    into.generation = raw.generation;
    return status;
}

// What engines and jobs have in common. Derived has get(), and `call` scores with it.
template <class Derived, class Handle, score_call<Handle> *call> class scorer {
  public:
    result<scores> score(pairs of, const score_options &options = {}) {
        return ask<scores>([&](auto &into, mgeo_error &why) {
            return detail::score<Handle>(call, handle(), of, options, into, why);
        });
    }

    // As score, into memory that is used again. Rows that a cancelled or failed call has scored are
    // there too.
    result<void> score_into(scores &into, pairs of, const score_options &options = {}) {
        return order([&](mgeo_error &why) {
            return detail::score<Handle>(call, handle(), of, options, into, why);
        });
    }

    result<single_score> score(std::string_view a, std::string_view b,
                               std::uint64_t route_key = 0) {
        return ask<single_score>([&](auto &into, mgeo_error &why) {
            return score_one<Handle>(call, handle(), pair(a, b), route_key, into, why);
        });
    }

    // As mgeo.h has it: into arrays of the caller's.
    result<void> score(pairs of, mgeo_scores &into) {
        return order(
            [&](mgeo_error &why) { return call(handle(), of.data(), of.size(), &into, &why); });
    }

#ifdef __cpp_lib_jthread
    // A stop request ends the call with MGEO_E_CANCELLED.
    result<scores> score(pairs of, const std::stop_token &stop, score_options options = {}) {
        progress own;
        if (options.progress == nullptr) options.progress = own.get();
        const cancel_on cancelling(stop, options.progress);
        return score(of, options);
    }
#endif

  private:
    Handle *handle() noexcept { return static_cast<Derived *>(this)->get(); }
};

} // namespace detail

} // namespace MGEO_WAY
} // namespace mgeo

#endif
