// SPDX-License-Identifier: Apache-2.0
// Matching by mgeo.hpp: normal forms, an index that is changed and searched at once, clusters, and
// what failures say.
#include "check.hpp"

#include <atomic>
#include <cmath>
#include <filesystem>
#include <map>
#include <thread>

#include <unistd.h>

namespace {

constexpr int RECORDS = 300, THREADS = 4;

const std::string NANJING = "南京市鼓楼区新模范马路5号";

std::vector<std::pair<std::string, std::string>> places() {
    std::vector<std::pair<std::string, std::string>> made = {{"nanjing", NANJING}};
    for (const auto &both : texts(RECORDS)) made.emplace_back(both.first, both.first);
    return made;
}

mgeo::index filled() {
    mgeo::index_options options;
    options.threads = 1;
    mgeo::index index(options);
    const auto made = places();
    index.put(mgeo::make_records(made));
    return index;
}

void the_form_is_shared() {
    CHECK(mgeo::normal_form("杭州市西湖区文三路90号") ==
          mgeo::normal_form("杭州西湖区文三路９０号"));
    CHECK(mgeo::normal_form(NANJING) != mgeo::normal_form("杭州市西湖区文三路90号"));
    CHECK(mgeo::normal_form({}).empty());
    CHECK(status_of([] { mgeo::normal_form("\xff"); }) == MGEO_E_ARGUMENT);
}

void the_right_one_is_found() {
    mgeo::index index = filled();
    mgeo::search_options options;
    options.top = 2;
    const auto found = index.search(NANJING, options);
    CHECK(found.size() <= 2 && found[0].id == "nanjing" && found[0].text == NANJING);
    CHECK(found[0].row == 0 && found[0].score > 0.99f);
    CHECK(found[0].flags == (MGEO_CANDIDATE_SAME_TEXT | MGEO_CANDIDATE_SAME_FORM));
    CHECK(std::string(mgeo::candidate_flag_name(MGEO_CANDIDATE_SAME_FORM)) == "same_form");
    const std::vector<std::string> queries = {NANJING, "", "\xff", "杭州西湖区文三路７号"};
    const mgeo::candidate_lists lists = index.search(queries, options);
    CHECK(lists.size() == 4 && lists[0][0].id == found[0].id && lists[0].size() == found.size());
    CHECK(lists[1].empty() && lists[2].empty());
    CHECK(lists[3][0].id == "杭州市西湖区文三路7号");
    CHECK(lists[3][0].flags == MGEO_CANDIDATE_SAME_FORM);
    CHECK(index.search(std::vector<std::string>()).empty());
    options.top = MGEO_MAX_CANDIDATES + 1;
    CHECK(status_of([&] { index.search(NANJING, options); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { index.search(queries, options); }) == MGEO_E_ARGUMENT);
}

void rows_find_each_pair_once() {
    mgeo::index index;
    const std::map<std::string, std::string> made = {
        {"a", "杭州市西湖区文三路90号"}, {"b", "杭州西湖区文三路９０号"}, {"c", NANJING}};
    index.put(mgeo::make_records(made));
    const mgeo::found_rows found = index.search_rows(0, 3, true);
    CHECK(found.generation == index.info().generation && found.candidates.size() == 3);
    CHECK(found.candidates[0][0].id == "b");
    for (const auto &one : found.candidates[1]) CHECK(one.id != "a");
    CHECK(status_of([&] { index.search_rows(0, 3, true, 99); }) == MGEO_E_REFUSED);
    CHECK(status_of([&] { index.search_rows(0, 4); }) == MGEO_E_ARGUMENT);
}

void changes_are_all_or_nothing() {
    mgeo::index index = filled();
    CHECK(index.info().records == RECORDS + 1);
    const mgeo_record replaced[] = {mgeo::record("nanjing", "天津市和平区南京路219号")};
    index.put(replaced);
    CHECK(index.search("天津市和平区南京路219号")[0].id == "nanjing");
    CHECK(index.info().records == RECORDS + 1 && index.info().removed == 1);
    CHECK(index.remove(std::vector<std::string>{"nanjing", "nobody"}) == 1);
    index.compact();
    CHECK(index.info().records == RECORDS && index.info().removed == 0);
    const mgeo_record wrong[] = {mgeo::record("x", "y"), mgeo::record("", "y")};
    CHECK(status_of([&] { index.put(wrong); }) == MGEO_E_ARGUMENT);
    CHECK(index.info().records == RECORDS);
    mgeo::index_options options;
    options.memory_limit = 1;
    mgeo::index small(options);
    CHECK(status_of([&] { small.put(replaced); }) == MGEO_E_MEMORY);
}

void files_are_saved_opened_swapped_and_put_back() {
    const auto folder = std::filesystem::temp_directory_path();
    const std::string path = (folder / ("mgeo-match-" + std::to_string(getpid()))).string();
    mgeo::index index = filled();
    index.save(path.c_str());
    mgeo::index opened = mgeo::index::open(path.c_str());
    CHECK(opened.search(NANJING)[0].id == "nanjing" && opened.info().path == path);
    CHECK(status_of([&] { index.roll_back(); }) == MGEO_E_REFUSED);
    index.remove(std::vector<std::string_view>{"nanjing"});
    index.swap(path.c_str());
    CHECK(index.info().records == RECORDS + 1 && index.info().previous_records == RECORDS);
    index.roll_back();
    CHECK(index.info().records == RECORDS);
    opened.close(); // the file is changed in place below
    mgeo::index other;
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    CHECK(status_of([&] { mgeo::index::open(path.c_str()); }) == MGEO_E_FORMAT);
    CHECK(status_of([&] { other.swap(path.c_str()); }) == MGEO_E_FORMAT);
    CHECK(std::filesystem::remove(path));
    CHECK(status_of([&] { mgeo::index::open(path.c_str()); }) == MGEO_E_IO);
}

void searches_run_while_it_changes() {
    mgeo::index index = filled();
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; i++) right += index.search(NANJING)[0].id == "nanjing";
        });
    }
    for (int i = 0; i < 20; i++) {
        const std::string id = "new" + std::to_string(i), text = "上海市世纪大道" + id;
        const mgeo_record added[] = {mgeo::record(id, text)};
        index.put(added);
    }
    for (auto &thread : threads) thread.join();
    CHECK(right == 50 * THREADS && index.info().records == RECORDS + 21);
}

void after_its_end_it_refuses() {
    static_assert(!std::is_copy_constructible_v<mgeo::index>);
    static_assert(std::is_nothrow_move_constructible_v<mgeo::index>);
    mgeo::index index = filled();
    mgeo::index moved = std::move(index);
    const auto found = moved.search(NANJING);
    moved.close();
    moved.close();
    CHECK(found[0].text == NANJING);
    const mgeo_record added[] = {mgeo::record("a", "b")};
    CHECK(status_of([&] { moved.info(); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { moved.put(added); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { moved.search(NANJING); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { moved.search_rows(0, 1); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { moved.save("/nowhere"); }) == MGEO_E_ARGUMENT);
}

void a_cancelled_change_leaves_all_as_it_was() {
    mgeo::progress progress;
    mgeo::index_options options;
    options.progress = progress.get();
    mgeo::index index(options);
    const auto made = places();
    progress.cancel();
    CHECK(status_of([&] { index.put(mgeo::make_records(made)); }) == MGEO_E_CANCELLED);
    CHECK(index.info().records == 0);
    progress.reset();
    index.put(mgeo::make_records(made));
    CHECK(index.info().records == made.size());
}

void links_make_clusters() {
    const mgeo_link links[] = {{0, 1, 0.9f, 0}, {1, 2, 0.8f, 0}, {2, 3, 0.1f, 0}};
    mgeo::cluster_options options;
    options.threshold = 0.5f;
    const auto members = mgeo::cluster(links, 4, options);
    CHECK(members.size() == 4 && members[2].cluster == 0 && members[2].representative == 1);
    CHECK(members[0].size == 3 && members[0].weakest == 0.8f && std::isnan(members[3].link));
    const std::uint32_t source[] = {0, 1, 0, 1};
    options.source = source;
    options.one_to_one = 1;
    CHECK(mgeo::cluster(links, 4, options)[2].size == 1);
    CHECK(mgeo::cluster(std::vector<mgeo_link>(), 0).empty());
    CHECK(status_of([&] { mgeo::cluster(links, 3); }) == MGEO_E_ARGUMENT);
    options.cut = MGEO_CUT_NONE;
    CHECK(status_of([&] { mgeo::cluster(links, 4, options); }) == MGEO_E_ARGUMENT);
    CHECK(std::string(mgeo::cut_name(MGEO_CUT_CENTER)) == "center");
}

} // namespace

int main() {
    the_form_is_shared();
    the_right_one_is_found();
    rows_find_each_pair_once();
    changes_are_all_or_nothing();
    files_are_saved_opened_swapped_and_put_back();
    searches_run_while_it_changes();
    after_its_end_it_refuses();
    a_cancelled_change_leaves_all_as_it_was();
    links_make_clusters();
    std::printf("matched among %d records from %d threads\n", RECORDS + 1, THREADS);
}
