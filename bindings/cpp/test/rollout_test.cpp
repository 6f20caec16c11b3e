// SPDX-License-Identifier: Apache-2.0
// Rolling out by mgeo.hpp: swaps under load, gates, watches, canary, shadow, journal, log, metrics.
#include "check.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

namespace {

using text_pairs = std::vector<std::pair<std::string, std::string>>;

// Callers that score all the time; each answer must be one of two models'.
class traffic {
  public:
    explicit traffic(mgeo::engine &engine) {
        for (int t = 0; t < 4; t++) threads_.emplace_back([this, &engine] { call(engine); });
    }
    ~traffic() {
        stop_ = true;
        for (auto &thread : threads_) thread.join();
    }
    void wait_for(int more) const {
        for (const int goal = calls_ + more; calls_ < goal;) std::this_thread::yield();
    }
    bool sound() const { return failed_ == 0; }

  private:
    void call(mgeo::engine &engine) {
        const text_pairs made = texts(20);
        const auto pairs = mgeo::make_pairs(made);
        mgeo::scores answer;
        while (!stop_) {
            try {
                engine.score_into(answer, pairs);
                failed_ += answer.generation != 1 && answer.generation != 2;
            } catch (const mgeo::error &) {
                failed_++;
            }
            calls_++;
        }
    }
    std::atomic<bool> stop_{false};
    std::atomic<int> calls_{0}, failed_{0};
    std::vector<std::thread> threads_;
};

void swaps_under_load_fail_no_call(mgeo::engine &engine) {
    const traffic callers(engine);
    for (int i = 0; i < 10; i++) {
        callers.wait_for(10);
        const mgeo::swap_receipt receipt = engine.swap();
        CHECK(receipt.to_generation == (i % 2 == 0 ? 2u : 1u));
        CHECK(receipt.from_generation + receipt.to_generation == 3);
    }
    callers.wait_for(10);
    engine.swap();
    CHECK(engine.info().generation == 2);
    mgeo::roll_back_options options;
    options.reason = "for the test";
    CHECK(engine.roll_back(options).to_generation == 1);
    CHECK(engine.info().generation == 1 && engine.info(MGEO_STANDBY).generation == 2);
    callers.wait_for(10);
    CHECK(callers.sound());
}

void a_gate_refuses_with_its_figures(mgeo::engine &engine, const std::vector<mgeo_pair> &pairs) {
    mgeo::gate gate;
    mgeo::swap_options options;
    gate.pairs = pairs.data();
    gate.count = pairs.size();
    gate.max_latency_ratio = 1e-9;
    options.gate = &gate;
    bool refused = false;
    try {
        engine.swap(options);
    } catch (const mgeo::refused &refusal) {
        refused = refusal.status() == MGEO_E_REFUSED && refusal.receipt().check_count > 0;
    }
    CHECK(refused && engine.info().generation == 1);
    gate.max_latency_ratio = 0;
    gate.max_flip_share = -1;
    CHECK(engine.swap(options).to_generation == 2);
    CHECK(engine.roll_back().to_generation == 1);
}

void a_comparison_owns_its_worst_pairs(mgeo::engine &engine, const std::vector<mgeo_pair> &pairs) {
    mgeo::compare_options options;
    options.pairs = pairs.data();
    options.count = pairs.size();
    const mgeo::comparison report = engine.compare(options, 3);
    CHECK(engine.compare(options, SIZE_MAX).worst_pairs.size() <= pairs.size());
    CHECK(report.pairs == pairs.size() && report.flips == 0 && report.shift_max == 0);
    CHECK(report.worst_pairs.size() <= 3 && report.worst == nullptr);
#ifdef __cpp_lib_jthread
    std::stop_source stop;
    stop.request_stop();
    try {
        engine.compare(stop.get_token(), options);
        CHECK(false);
    } catch (const mgeo::error &error) {
        CHECK(error.status() == MGEO_E_CANCELLED);
    }
#endif
}

void canary_and_shadow_have_shares(mgeo::engine &engine, const std::vector<mgeo_pair> &pairs) {
    engine.set_canary(MGEO_SHARE_ALL);
    CHECK(engine.rollout().canary_share == MGEO_SHARE_ALL && engine.score(pairs).generation == 2);
    engine.set_canary(0);
    engine.set_shadow(MGEO_SHARE_ALL);
    CHECK(engine.score(pairs).generation == 1);
    mgeo::shadow_report shadow = engine.get_shadow();
    while (shadow.compared == 0 && shadow.dropped + shadow.failed < pairs.size()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        shadow = engine.get_shadow();
    }
    engine.set_shadow(0);
    shadow = engine.get_shadow();
    CHECK(shadow.calls == 1 && shadow.compared > 0);
    CHECK(shadow.worst_count > 0 && !engine.get_shadow_pair(0).a.empty());
}

void a_watch_runs_its_window(mgeo::engine &engine, const std::vector<mgeo_pair> &pairs) {
    mgeo::watch watch;
    watch.window_calls = 3;
    watch.max_error_rate = 0.5;
    mgeo::swap_options options;
    options.watch = &watch;
    engine.swap(options);
    for (int i = 0; i < 3; i++) engine.score(pairs);
    while (engine.get_watch().state == MGEO_WATCH_RUNNING) std::this_thread::yield();
    CHECK(engine.get_watch().state == MGEO_WATCH_PASSED && engine.get_watch().generation == 2);
    engine.unload();
    CHECK(engine.rollout().standby_generation == 0);
}

void metrics_and_fields_are_told(mgeo::engine &engine) {
    const std::string metrics = engine.metrics();
    CHECK(metrics.find("mgeo_") != std::string::npos);
    CHECK(metrics.substr(metrics.size() - 6) == "# EOF\n");
    CHECK(engine.metrics(MGEO_METRICS_PROMETHEUS).find("# EOF") == std::string::npos);
    const mgeo::model_info info = engine.info();
    for (std::uint64_t i = 0; i < info.unused_fields; i++) {
        CHECK(engine.unused_field(i).name[0] != '\0');
    }
    for (std::uint64_t i = 0; i < info.unused_tensors; i++) {
        CHECK(!engine.unused_tensor(i).empty());
    }
}

void the_journal_holds_what_was_done(const std::string &path) {
    const mgeo::journal_report sound = mgeo::journal_verify(path.c_str());
    CHECK(sound.valid && sound.lines > 10 && sound.last_hash[0] != '\0');
    std::FILE *file = std::fopen(path.c_str(), "r+");
    CHECK(file != nullptr && std::fputs("[", file) >= 0 && std::fclose(file) == 0);
    const mgeo::journal_report edited = mgeo::journal_verify(path.c_str());
    CHECK(!edited.valid && edited.bad_line == 1 && edited.reason[0] != '\0');
}

} // namespace

int main() {
    std::string folder = std::filesystem::temp_directory_path() / "mgeo-XXXXXX";
    CHECK(mkdtemp(&folder[0]) != nullptr);
    const std::string journal = folder + "/journal";
    std::atomic<int> lines{0};
    {
        mgeo::engine_options options;
        options.journal = journal.c_str();
        options.on_line = [&](std::int32_t, std::string_view line) {
            lines += !line.empty();
            throw std::runtime_error("what a log throws is dropped");
        };
        mgeo::engine first(options);
        mgeo::engine engine = std::move(first); // what the log is written to moves along
        mgeo::load_options load;
        load.threads = 2;
        load.version = "one";
        engine.load(model().c_str(), load);
        load.version = "two";
        CHECK(engine.load(model().c_str(), load).generation == 2);
        const text_pairs made = texts(100);
        const auto pairs = mgeo::make_pairs(made);
        swaps_under_load_fail_no_call(engine);
        a_gate_refuses_with_its_figures(engine, pairs);
        a_comparison_owns_its_worst_pairs(engine, pairs);
        canary_and_shadow_have_shares(engine, pairs);
        a_watch_runs_its_window(engine, pairs);
        metrics_and_fields_are_told(engine);
    }
    CHECK(lines > 0);
    the_journal_holds_what_was_done(journal);
    std::filesystem::remove_all(folder);
    std::puts("rolled out and back");
}
