// SPDX-License-Identifier: Apache-2.0
// mgeo.hpp without exceptions: functions answer results.
#include "check.hpp"

#include <cstring>

#ifdef __cpp_exceptions
#error "this test is compiled with -fno-exceptions"
#endif

int main() {
    mgeo::result<mgeo::engine> engine = mgeo::engine::create();
    CHECK(engine && engine.status() == MGEO_OK);
    const auto failed = engine->load("/nowhere");
    CHECK(!failed && failed.status() == MGEO_E_IO && std::strstr(failed.message(), "/nowhere"));
    mgeo::load_options options;
    options.threads = 1;
    CHECK(engine->load(model().c_str(), options));
    const auto info = engine->load(model().c_str(), options);
    CHECK(info && info->generation == 2);
    const auto made = texts(10);
    const auto answer = engine->score(mgeo::make_pairs(made));
    CHECK(answer && answer->similarity.size() == 10 && answer->generation == 1);
    mgeo::swap_options swap;
    swap.expect_generation = 7;
    const auto refused = engine->swap(swap);
    CHECK(!refused && refused.status() == MGEO_E_REFUSED && refused.message()[0] != '\0');
    const auto receipt = engine->swap();
    CHECK(receipt && receipt->to_generation == 2);
    CHECK(engine->roll_back());
    auto job = engine->begin_job();
    CHECK(job && job->score("文三路90号", "文三路90号")->generation == 1);
    job->end();
    const mgeo::result<void> nothing = engine->set_canary(0);
    CHECK(nothing && nothing.message()[0] == '\0');
    auto index = mgeo::index::create();
    CHECK(index && index->put(mgeo::make_records(made)));
    const auto found = index->search(made[7].second);
    CHECK(found && found->front().text == made[7].second);
    CHECK(mgeo::index::open("/nowhere").status() == MGEO_E_IO);
    CHECK(mgeo::index().info().status() == MGEO_E_ARGUMENT);
    CHECK(*mgeo::normal_form(made[0].first) == *mgeo::normal_form(made[0].first));
    std::puts("results tell what failed");
}
