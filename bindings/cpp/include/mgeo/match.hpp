// SPDX-License-Identifier: Apache-2.0
// From addresses to matches without a model: the normal form, an index that is searched, and
// clusters of scored links: a part of mgeo.hpp.
#ifndef MGEO_MATCH_HPP
#define MGEO_MATCH_HPP

#include <mgeo/base.hpp>

#include <memory>

namespace mgeo {
inline namespace MGEO_WAY {

// The form of an address that ways of writing it share: for comparing, not for reading. Empty:
// nothing in the text names a place.
inline result<std::string> normal_form(std::string_view text) {
    std::string form;
    std::size_t length = 0;
    mgeo_error why;
    mgeo_status status = MGEO_E_CAPACITY;
    for (std::size_t room = 3 * text.size() + 1; status == MGEO_E_CAPACITY; room = length + 1) {
        form.resize(room);
        status = mgeo_normal_form(detail::start(text), text.size(), &form[0], room, &length, &why);
    }
    form.resize(status == MGEO_OK ? length : 0);
    return detail::answer(status, why, form);
}

// ---- Records and candidates ---------------------------------------------------------------------

// An id and a text, borrowed.
inline mgeo_record record(std::string_view id, std::string_view text) noexcept {
    return {detail::start(id), id.size(), detail::start(text), text.size()};
}

// Records of a range whose elements have `first`, the id, and `second`, the text, as a vector of
// std::pair or a map; both are borrowed.
template <class Range> std::vector<mgeo_record> make_records(const Range &range) {
    std::vector<mgeo_record> made;
    for (const auto &element : range) made.push_back(record(element.first, element.second));
    return made;
}

// Records in a row, borrowed: a vector, array or span of mgeo_record, or a pointer and a count.
using records = borrowed<mgeo_record>;

// A record that may name the place of a query.
struct candidate {
    std::string id;
    std::string text;      // as it was put in
    std::uint64_t row = 0; // of the record in its generation: from 0, in the order they were put in
    float score = 0;       // 0..1: orders candidates, and is not a model's similarity
    std::uint32_t flags = 0; // sum of mgeo_candidate_flag
};

// For each query its candidates, best first.
using candidate_lists = std::vector<std::vector<candidate>>;

struct found_rows {
    std::uint64_t generation = 0; // give it to the next call, so that a walk meets no change
    candidate_lists candidates;
};

namespace detail {

struct candidates_end {
    void operator()(mgeo_candidates *ended) const noexcept { mgeo_candidates_destroy(ended); }
};

// Takes what a search found as C++'s own, and frees it.
inline candidate_lists take_candidates(mgeo_candidates *found, std::size_t queries) {
    const std::unique_ptr<mgeo_candidates, candidates_end> owned(found);
    candidate_lists lists(found == nullptr ? 0 : queries);
    for (std::size_t query = 0; query < lists.size(); query++) {
        std::size_t count = 0;
        const mgeo_candidate *rows = mgeo_candidates_of(found, query, &count);
        lists[query].reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            const mgeo_candidate &row = rows[i];
            lists[query].push_back({std::string(row.id, row.id_len),
                                    std::string(row.text, row.text_len), row.row, row.score,
                                    row.flags});
        }
    }
    return lists;
}

// Texts of a range as `make` has them.
template <class Item, class Range, class Make>
std::vector<Item> each_of(const Range &range, Make &&make) {
    std::vector<Item> made;
    for (const auto &element : range) made.push_back(make(std::string_view(element)));
    return made;
}

} // namespace detail

// ---- The index ----------------------------------------------------------------------------------

// Addresses that can be searched, in memory or mapped from a file. Needs no engine and no model.
// Searches never wait for a change, and one that has begun ends in the generation that it began in.
// Options hold for all changes; what options.progress points to outlives the index.
class index {
  public:
    static result<index> create(const mgeo_index_options &options = index_options()) {
        return make([&](mgeo_index **made, mgeo_error *why) {
            return mgeo_index_create(&options, made, why);
        });
    }

    // A file that save() wrote, which is mapped.
    static result<index> open(const char *path,
                              const mgeo_index_options &options = index_options()) {
        return make([&](mgeo_index **made, mgeo_error *why) {
            return mgeo_index_open(path, &options, made, why);
        });
    }

    explicit index(std::nullptr_t) noexcept {} // none
#ifdef MGEO_RESULTS
    index() noexcept = default; // none: create() or open() makes one
#else
    index() : index(create()) {}
    explicit index(const mgeo_index_options &options) : index(create(options)) {}
#endif

    mgeo_index *get() const noexcept { return handle_.get(); }
    void close() noexcept { handle_.reset(); }

    // ---- Changes

    // Adds records; one whose id is there already replaces the former. All are put in or none.
    result<void> put(records added) {
        return detail::order([&](mgeo_error &why) {
            return mgeo_index_put(get(), added.data(), added.size(), &why);
        });
    }

    // Removes the records with these ids, a range of texts; answers how many were there.
    template <class Range> result<std::uint64_t> remove(const Range &ids) {
        const auto gone = detail::each_of<mgeo_record>(
            ids, [](std::string_view id) { return record(id, std::string_view()); });
        return detail::ask<std::uint64_t>([&](auto &removed, mgeo_error &why) {
            removed = 0;
            return mgeo_index_remove(get(), gone.data(), gone.size(), &removed, &why);
        });
    }

    // Makes one segment of all, without what was removed.
    result<void> compact() {
        return detail::order([&](mgeo_error &why) { return mgeo_index_compact(get(), &why); });
    }

    // Writes the index to a file, compacted: the file is the old or the new one, whenever the
    // process ends.
    result<void> save(const char *path) {
        return detail::order([&](mgeo_error &why) { return mgeo_index_save(get(), path, &why); });
    }

    // Puts the records of a file in place of all that is there, in one step; no search waits or
    // fails. What was there stays ready for roll_back().
    result<void> swap(const char *path) {
        return detail::order([&](mgeo_error &why) { return mgeo_index_swap(get(), path, &why); });
    }

    // Puts back what the last swap() put aside.
    result<void> roll_back() {
        return detail::order([&](mgeo_error &why) { return mgeo_index_roll_back(get(), &why); });
    }

    result<index_info> info() const {
        return detail::ask<index_info>([&](auto &filled, mgeo_error &why) {
            return mgeo_index_get_info(get(), &filled, &why);
        });
    }

    // ---- Searches

    // The records with the best scores for one text, best first.
    result<std::vector<candidate>> search(std::string_view query,
                                          const mgeo_search_options &options = search_options()) {
        const mgeo_text text = as_text(query);
        return detail::ask<std::vector<candidate>>([&](auto &best, mgeo_error &why) {
            candidate_lists lists;
            const mgeo_status status = find(&text, 1, options, lists, why);
            if (status == MGEO_OK) best = std::move(lists[0]);
            return status;
        });
    }

    // For each of a range of texts.
    template <class Range,
              class = std::enable_if_t<!std::is_convertible_v<const Range &, std::string_view>>>
    result<candidate_lists> search(const Range &queries,
                                   const mgeo_search_options &options = search_options()) {
        const auto texts = detail::each_of<mgeo_text>(queries, as_text);
        return detail::ask<candidate_lists>([&](auto &lists, mgeo_error &why) {
            return find(texts.data(), texts.size(), options, lists, why);
        });
    }

    // The same for `count` records of the index itself, from row `first` on, as queries. A record
    // is never its own candidate. With `later` only rows after the query's are found, so that each
    // pair comes once. generation: 0: the current one; or one that an earlier call answered.
    result<found_rows> search_rows(std::uint64_t first, std::size_t count, bool later = false,
                                   std::uint64_t generation = 0,
                                   const mgeo_search_options &options = search_options()) {
        return detail::ask<found_rows>([&](auto &rows, mgeo_error &why) {
            mgeo_candidates *found = nullptr;
            rows.generation = generation;
            const mgeo_status status = mgeo_index_search_rows(
                get(), first, count, later ? 1 : 0, &rows.generation, &options, &found, &why);
            rows.candidates = detail::take_candidates(found, count);
            return status;
        });
    }

  private:
    struct destroyer {
        void operator()(mgeo_index *closed) const noexcept { mgeo_index_destroy(closed); }
    };

    template <class Call> static result<index> make(Call &&call) {
        index made(nullptr);
        mgeo_index *handle = nullptr;
        mgeo_error why;
        const mgeo_status status = call(&handle, &why);
        made.handle_.reset(handle);
        return detail::answer(status, why, made);
    }

    static mgeo_text as_text(std::string_view text) noexcept {
        return {detail::start(text), text.size()};
    }

    mgeo_status find(const mgeo_text *texts, std::size_t count, const mgeo_search_options &options,
                     candidate_lists &lists, mgeo_error &why) {
        mgeo_candidates *found = nullptr;
        const mgeo_status status = mgeo_index_search(get(), texts, count, &options, &found, &why);
        lists = detail::take_candidates(found, count);
        return status;
    }

    std::unique_ptr<mgeo_index, destroyer> handle_;
};

// ---- Clusters -----------------------------------------------------------------------------------

// Links in a row, borrowed: a vector, array or span of mgeo_link, or a pointer and a count.
using links = borrowed<mgeo_link>;

// Clusters `rows` rows by links, and answers one mgeo_member for each.
inline result<std::vector<mgeo_member>>
cluster(links between, std::size_t rows, const mgeo_cluster_options &options = cluster_options()) {
    return detail::ask<std::vector<mgeo_member>>([&](auto &members, mgeo_error &why) {
        members.resize(rows);
        return mgeo_cluster(between.data(), between.size(), rows, &options, members.data(), &why);
    });
}

} // namespace MGEO_WAY
} // namespace mgeo

#endif
