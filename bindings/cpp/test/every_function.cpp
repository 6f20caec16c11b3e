// SPDX-License-Identifier: Apache-2.0
// Every template of mgeo.hpp made once, so that a compiler looks at all of it.
#include <mgeo.hpp>

#include <array>
#include <map>

template class mgeo::detail::scorer<mgeo::engine, mgeo_engine, &mgeo_score>;
template class mgeo::detail::scorer<mgeo::job, mgeo_job, &mgeo_job_score>;
template class mgeo::arrow_owner<ArrowSchema>;
template class mgeo::arrow_owner<ArrowArray>;
template class mgeo::arrow_owner<ArrowArrayStream>;
#ifdef MGEO_RESULTS
template class mgeo::result<mgeo::engine>;
template class mgeo::result<mgeo::index>;
template class mgeo::result<mgeo::swap_receipt>;
template class mgeo::result<mgeo::arrow_table>;
#endif

std::size_t count_all();

std::size_t count_all() {
    const std::map<std::string, std::string> map = {{"a", "b"}};
    const std::vector<mgeo_pair> vector = mgeo::make_pairs(map);
    const std::array<mgeo_pair, 2> array = {mgeo::pair("a", "b"), mgeo::pair({}, {})};
    const mgeo_pair plain[] = {mgeo::pair("a", "b")};
    std::size_t count =
        mgeo::pairs(vector).size() + mgeo::pairs(array).size() + mgeo::pairs(plain).size();
#if __cplusplus >= 202002L
    count += mgeo::pairs(std::span<const mgeo_pair>(vector)).size();
#endif
    const std::vector<mgeo_record> records = mgeo::make_records(map);
    count += mgeo::records(records).size();
    mgeo::index index(nullptr);
    static_cast<void>(index.remove(std::array<std::string_view, 1>{"a"}));
    static_cast<void>(index.search(std::vector<std::string>{"a"}));
    static_cast<void>(index.search("a"));
    return count;
}
