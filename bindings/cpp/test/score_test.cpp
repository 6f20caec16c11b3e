// SPDX-License-Identifier: Apache-2.0
// Loading and scoring by mgeo.hpp: from many threads, in jobs, cancelled, and what failures say.
#include "check.hpp"

#include <atomic>
#include <cmath>
#include <thread>

namespace {

constexpr int PAIRS = 1000, THREADS = 8;

void many_threads_answer_as_one_call(mgeo::engine &engine) {
    const auto made = texts(PAIRS);
    const auto pairs = mgeo::make_pairs(made);
    const mgeo::scores all = engine.score(pairs);
    CHECK(all.similarity.size() == PAIRS && all.label.size() == PAIRS && all.flags.size() == PAIRS);
    CHECK(all.generation == 1 && all.bad_rows == 0 && all.tokens > 0 && all.logits.empty());
    std::atomic<int> equal{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < THREADS; t++) {
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < PAIRS; i += THREADS) {
                const mgeo::single_score one = engine.score(made[i].first, made[i].second);
                equal += one.similarity == all.similarity[i] && one.label == all.label[i] &&
                         one.flags == all.flags[i] && one.generation == 1;
            }
        });
    }
    for (auto &thread : threads) thread.join();
    CHECK(equal == PAIRS);
}

void probabilities_are_rows_of_the_labels(mgeo::engine &engine) {
    const mgeo_pair pairs[] = {mgeo::pair("文三路90号", "文三路90号"), mgeo::pair("文三路", ""),
                               mgeo::pair("文三路90号", "文三路91号")};
    mgeo::score_options options;
    options.probabilities = options.logits = true;
    mgeo::scores answer;
    engine.score_into(answer, pairs, options);
    CHECK(answer.label_count == engine.info().label_count);
    CHECK(answer.probabilities.size() == 3 * answer.label_count && answer.bad_rows == 1);
    CHECK(answer.logits.size() == answer.probabilities.size());
    for (const std::size_t row : {std::size_t{0}, std::size_t{2}}) {
        double sum = 0;
        for (std::size_t i = 0; i < answer.label_count; i++) sum += answer.probabilities_of(row)[i];
        CHECK(std::fabs(sum - 1) < 1e-5);
        const std::size_t best = static_cast<std::size_t>(answer.label[row]);
        for (std::size_t i = 0; i < answer.label_count; i++) {
            CHECK(answer.logits_of(row)[i] <= answer.logits_of(row)[best]);
        }
    }
    CHECK(answer.flags[1] == MGEO_ROW_EMPTY && answer.label[1] == -1);
    CHECK(std::isnan(answer.similarity[1]) && std::isnan(answer.probabilities_of(1)[0]));
    CHECK(engine.score(mgeo::pairs(pairs, 0)).similarity.empty());
    float similarity[3];
    mgeo::versioned<mgeo_scores> raw;
    raw.similarity = similarity;
    engine.score(pairs, raw);
    CHECK(similarity[0] == answer.similarity[0] && raw.bad_rows == 1);
}

void a_job_keeps_its_model(mgeo::engine &engine) {
    mgeo::job job = engine.begin_job();
    CHECK(job.info().generation == 1);
    CHECK(job.score("文三路90号", "文三路90号").generation == 1);
    CHECK(engine.rollout().jobs == 1);
    job.end();
    CHECK(engine.rollout().jobs == 0);
}

void a_cancelled_call_says_so(mgeo::engine &engine) {
    const std::vector<mgeo_pair> pairs(1000000, mgeo::pair("杭州市西湖区文三路90号", "文三路90号"));
    mgeo::progress progress;
    mgeo::score_options options;
    options.progress = progress.get();
    std::thread canceller([&] {
        while (progress.read().done == 0) std::this_thread::yield();
        progress.cancel();
    });
    mgeo::scores partial;
    CHECK(status_of([&] { engine.score_into(partial, pairs, options); }) == MGEO_E_CANCELLED);
    canceller.join();
    CHECK(partial.flags.front() == 0 && partial.flags.back() == MGEO_ROW_SKIPPED);
#ifdef __cpp_lib_jthread
    std::stop_source stop;
    stop.request_stop();
    CHECK(status_of([&] { engine.score(pairs, stop.get_token()); }) == MGEO_E_CANCELLED);
    CHECK(status_of([&] { engine.load(stop.get_token(), model().c_str()); }) == MGEO_E_CANCELLED);
    std::stop_source later;
    std::thread stopper([&] {
        while (engine.stats().calls_in_flight == 0) std::this_thread::yield();
        later.request_stop();
    });
    CHECK(status_of([&] { engine.score(pairs, later.get_token()); }) == MGEO_E_CANCELLED);
    stopper.join();
#endif
}

void failures_have_status_and_line() {
    mgeo::engine engine;
    CHECK(status_of([&] { engine.score("a", "b"); }) == MGEO_E_NO_MODEL);
    CHECK(status_of([&] { engine.load("/nowhere"); }) == MGEO_E_IO);
    mgeo::load_options options;
    options.device = "abacus";
    CHECK(status_of([&] { engine.load(model().c_str(), options); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { engine.info(7); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { engine.unload(); }) == MGEO_E_NO_MODEL);
    engine.close();
    CHECK(status_of([&] { engine.score("a", "b"); }) == MGEO_E_ARGUMENT);
    CHECK(status_of([&] { mgeo::predict_memory("/nowhere"); }) == MGEO_E_IO);
}

void names_are_spelled() {
    CHECK(std::string(mgeo::version()) == MGEO_VERSION);
    CHECK(std::string(mgeo::status_name(MGEO_E_IO)) == "MGEO_E_IO");
    CHECK(std::string(mgeo::status_text(MGEO_OK)) == "ok");
    CHECK(std::string(mgeo::precision_name(MGEO_INT8)) == "int8");
    CHECK(std::string(mgeo::row_flag_name(MGEO_ROW_EMPTY)) == "empty");
}

} // namespace

int main() {
    mgeo::load_options options;
    options.threads = 2;
    options.version = "first";
    mgeo::engine engine;
    CHECK(mgeo::predict_memory(model().c_str(), options).fits == 1);
    const mgeo::model_info info = engine.load(model().c_str(), options);
    CHECK(info.generation == 1 && info.live == 1 && std::string(info.version) == "first");
    many_threads_answer_as_one_call(engine);
    probabilities_are_rows_of_the_labels(engine);
    a_job_keeps_its_model(engine);
    a_cancelled_call_says_so(engine);
    failures_have_status_and_line();
    names_are_spelled();
    CHECK(engine.stats().pairs >= 2 * PAIRS);
    std::printf("scored %d pairs from %d threads\n", PAIRS, THREADS);
}
