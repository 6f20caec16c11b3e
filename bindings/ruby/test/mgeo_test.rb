# SPDX-License-Identifier: Apache-2.0
# frozen_string_literal: true
# The gem at work, with MGEO_MODELS set.
require "minitest/autorun"
require "mgeo"
require "timeout"
require "tmpdir"

class MgeoTest < Minitest::Test
  MODEL = "#{ENV.fetch("MGEO_MODELS")}/mini"
  OTHER = File.expand_path("../tests/golden/models/mgeo", ENV.fetch("MGEO_MODELS"))
  PAIRS = Array.new(1000) do |i|
    ["杭州市西湖区文三路#{i}号", "文三路#{(i % 3).zero? ? i : i + 1}号"]
  end
  LONG = [["杭州市西湖区文三路90号", "文三路90号"]].freeze * 2_000_000

  def setup
    @engine = Mgeo::Engine.new
    @engine.load(MODEL, threads: 2, version: "one")
  end

  def teardown
    @engine.close
  end

  def status_of(kind = Mgeo::Error, &block)
    failure = assert_raises(kind, &block)
    refute_empty failure.message
    failure.status
  end

  def wait_until
    sleep 0.001 until yield
  end

  def test_load
    info = @engine.info
    assert_equal [1, true, "one", :fp32, :blue], [info.generation, info.live, info.version, info.precision, info.slot]
    assert_equal info.label_count, info.labels.size
    assert_equal info.unused_fields, @engine.unused_fields.size
    assert_equal info.unused_tensors, @engine.unused_tensors.size
    assert Mgeo.predict_memory(MODEL, threads: 2).fits
    assert_match(/\A\d+\.\d+\.\d+\z/, Mgeo.version)
  end

  def test_many_threads_answer_as_one_call
    all = @engine.score(PAIRS)
    assert_equal [1000, 1000, 1, 0], [all.similarity.size, all.label.size, all.generation, all.bad_rows]
    threads = Array.new(8) do |t|
      Thread.new { (t...1000).step(8).map { |i| [i, @engine.score(*PAIRS[i])] } }
    end
    singles = threads.flat_map(&:value)
    assert_equal 1000, singles.size
    singles.each do |i, one|
      assert_equal [all.similarity[i], all.label[i], all.flags[i]], [one.similarity, one.label, one.flags]
    end
  end

  def test_probabilities_and_bad_rows
    all = @engine.score([PAIRS[0], ["文三路", ""]], probabilities: true)
    assert_in_delta 1, all.probabilities[0].sum, 1e-5
    assert_equal @engine.info.label_count, all.probabilities[0].size
    assert all.similarity[1].nan?
    assert_equal [-1, ["empty"]], [all.label[1], Mgeo.flag_names(all.flags[1]).map(&:to_s)]
    assert_nil all.logits
    assert_empty @engine.score([]).similarity
    assert_equal all.similarity[0], @engine.score(*PAIRS[0].map { |text| text.encode("GB18030") }).similarity
  end

  def test_other_threads_run_during_a_call
    counted = 0
    call = Thread.new { @engine.score(LONG.first(2_000)) }
    counted += 1 while call.alive? && counted < 1_000
    running = call.alive?
    call.value
    assert running, "the call ended before another thread could count"
  end

  def test_swap_under_load
    answers = [@engine.score(PAIRS.first(20)).similarity]
    @engine.load(OTHER, threads: 2, version: "two")
    @engine.swap
    answers << @engine.score(PAIRS.first(20)).similarity
    refute_equal(*answers)
    stop = false
    seen = Hash.new(0)
    callers = Array.new(4) do
      Thread.new do
        until stop
          got = @engine.score(PAIRS.first(20))
          seen[got.generation] += 1
          raise "an answer of neither model" unless got.similarity == answers[got.generation - 1]
        end
      end
    end
    10.times do
      before = seen.values.sum
      wait_until { seen.values.sum > before + 8 || callers.none?(&:alive?) }
      receipt = @engine.swap(reason: "a test")
      assert_equal 3, receipt.from_generation + receipt.to_generation
    end
    assert_equal 1, @engine.roll_back(reason: "a test").to_generation
    stop = true
    callers.each(&:join)
    assert_equal [1, 2], seen.keys.sort
    assert_equal 2, @engine.info(:standby).generation
  end

  def test_gate_compare_and_watch
    @engine.load(MODEL, threads: 2, version: "two")
    refused = assert_raises(Mgeo::Refused) { @engine.swap(gate: { pairs: PAIRS.first(50), max_latency_ratio: 1e-9 }) }
    checks = refused.receipt.checks.to_h { |check| [check.name, check.passed] }
    assert_equal [false, nil], checks.values_at("latency_ratio", "psi")
    gold = Array.new(50)
    gold[0] = @engine.info.labels[0]
    assert_equal 2, @engine.swap(gate: { pairs: PAIRS.first(50), gold: gold, max_flip_share: -1 }).to_generation
    @engine.roll_back
    report = @engine.compare(PAIRS, worst: 2)
    assert_equal [1000, 0], [report.pairs, report.flips]
    assert_operator report.worst.size, :<=, 2
    @engine.swap(watch: { window_calls: 2, max_error_rate: 0.5 })
    2.times { @engine.score(*PAIRS[0]) }
    wait_until { @engine.watch.state != :running }
    assert_equal :passed, @engine.watch.state
    @engine.unload
    assert_equal 0, @engine.rollout.standby_generation
  end

  def test_canary_and_shadow
    @engine.load(MODEL, threads: 2)
    @engine.set_canary(10_000)
    assert_equal [2, 10_000], [@engine.score(PAIRS).generation, @engine.rollout.canary_share]
    @engine.set_canary(0)
    @engine.set_shadow(10_000)
    assert_equal 1, @engine.score(PAIRS.first(2)).generation
    wait_until { @engine.shadow.compared + @engine.shadow.dropped == 2 }
    @engine.set_shadow(0)
    assert_equal 1, @engine.shadow.calls
    assert_includes @engine.shadow_pair(0).pair[0], "杭州" if @engine.shadow.compared.positive?
  end

  def test_job
    @engine.load(MODEL, threads: 2, version: "two")
    @engine.job do |job|
      @engine.swap
      assert_equal [1, 2], [job.score(PAIRS).generation, @engine.score(PAIRS).generation]
      assert_equal "one", job.info.version
      assert_equal 1, @engine.rollout.jobs
    end
    assert_equal 0, @engine.rollout.jobs
    job = @engine.job
    @engine.close # the job keeps the engine's memory
    assert_equal 1000, job.score(PAIRS).similarity.size
    job.finish
    assert_equal :argument, status_of { job.score(PAIRS) }
  end

  def test_cancellation
    assert_raises(Timeout::Error) { Timeout.timeout(0.2) { @engine.score(LONG) } }
    killed = Thread.new { @engine.score(LONG) }
    wait_until { @engine.stats.calls_in_flight == 1 }
    killed.kill
    killed.join
    assert_equal 0, @engine.stats.calls_in_flight
    raised = Thread.new { @engine.score(LONG) }
    raised.report_on_exception = false
    wait_until { @engine.stats.calls_in_flight == 1 }
    raised.raise(IOError, "enough")
    assert_raises(IOError) { raised.join }
  end

  def test_a_signal_that_is_handled_ends_no_call
    handled = 0
    former = trap("USR1") { handled += 1 }
    sender = Thread.new do
      wait_until { @engine.stats.calls_in_flight == 1 }
      Process.kill("USR1", Process.pid)
    end
    assert_equal 2_000, @engine.score(LONG.first(2_000)).similarity.size
    sender.join
    wait_until { handled == 1 }
    assert_equal 1, handled
  ensure
    trap("USR1", former || "DEFAULT")
  end

  def test_errors
    assert_equal :io, status_of { @engine.load("/nowhere") }
    assert_equal :argument, status_of { @engine.load(MODEL, device: "abacus") }
    assert_equal :no_model, status_of { @engine.swap }
    @engine.load(MODEL, threads: 1)
    assert_equal :refused, status_of(Mgeo::Refused) { @engine.swap(expect_generation: 77) }
    assert_raises(ArgumentError) { @engine.load(MODEL, thread: 2) }
    wrong = assert_raises(ArgumentError) { @engine.load(MODEL, precision: :fp33) }
    assert_match(/there is no fp33: give one of auto, fp32, bf16/, wrong.message)
    assert_raises(RangeError) { @engine.load(MODEL, threads: -1) }
    assert_raises(TypeError) { @engine.score([["a", 1]]) }
    assert_raises(TypeError) { @engine.score([["a"]]) }
    empty = Mgeo::Engine.new
    assert_equal :no_model, status_of { empty.score("a", "b") }
    empty.close
    assert empty.closed?
    assert_equal :argument, status_of { empty.score("a", "b") }
  end

  def test_numbers_that_no_integer_of_c_holds
    @engine.load(MODEL, threads: 1)
    [-1, -(2**40), 2**64].each do |number|
      assert_raises(RangeError) { @engine.compare(PAIRS.first(5), worst: number) }
      assert_raises(RangeError) { @engine.set_canary(number) }
      assert_raises(RangeError) { @engine.set_shadow(number) }
      assert_raises(RangeError) { @engine.shadow_pair(number) }
      assert_raises(RangeError) { @engine.load(MODEL, memory_limit: number) }
      assert_raises(RangeError) { Mgeo::Engine.new(queue_rows: number) }
    end
    assert_operator @engine.compare(PAIRS.first(5), worst: 2**50).worst.size, :<=, 5
    assert_raises(RangeError) { @engine.load(MODEL, threads: 2**32) }
    assert_raises(RangeError) { @engine.load(MODEL, threads: Float::NAN) }
    assert_equal :argument, status_of { @engine.load(MODEL, partial_weight: Float::NAN) }
  end

  def test_texts_that_c_would_not_see_whole
    assert_raises(ArgumentError) { @engine.load("#{MODEL}\0there") }
    assert_raises(ArgumentError) { @engine.load(MODEL, version: "a\0b") }
    odd = [["a\0b", "a"], ["\xff", "文三路"], ["文" * 350_000, "文三路"]]
    flags = @engine.score(odd).flags.map { |each| Mgeo.flag_names(each) }
    assert_equal [[:invalid_utf8], [:truncated]], flags[1..]
    refute_includes flags[0], :invalid_utf8
  end

  def test_metrics_and_stats
    @engine.score(PAIRS)
    assert @engine.metrics.end_with?("# EOF\n")
    refute_includes @engine.metrics(:prometheus), "# EOF"
    assert_equal [1, 1000, 0], @engine.stats.then { |stats| [stats.calls, stats.pairs, stats.failed_calls] }
  end

  def test_journal
    Dir.mktmpdir do |folder|
      path = File.join(folder, "journal")
      Mgeo::Engine.open(journal: path, actor: "mgeo_test") { |engine| engine.load(MODEL, threads: 1) }
      sound = Mgeo.journal_verify(path)
      assert_equal [true, 0], [sound.valid, sound.bad_line]
      File.write(path, "[", mode: "r+")
      edited = Mgeo.journal_verify(path)
      assert_equal [false, 1], [edited.valid, edited.bad_line]
      refute_empty edited.reason
    end
  end

  def test_collected_objects_are_freed
    20.times { Mgeo::Engine.new.tap { |engine| engine.load(MODEL, threads: 1, skip_warm_up: true) }.job }
    GC.start
    assert_equal 1000, @engine.score(PAIRS).similarity.size
  end

  def test_a_child_process_makes_its_own_engine
    child = fork do
      status = begin
        @engine.score("a", "b")
      rescue Mgeo::Error => e
        e.status
      end
      mine = Mgeo::Engine.new
      mine.load(MODEL, threads: 1)
      exit!(status == :forked && mine.score(PAIRS).similarity.size == 1000)
    end
    Process.wait(child)
    assert $?.success?
  end
end
