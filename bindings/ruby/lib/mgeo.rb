# SPDX-License-Identifier: Apache-2.0
# frozen_string_literal: true
# libmgeo for Ruby: engines, jobs and their answers; README.md shows them at work.
#
# What a call does and what each member of its options and answers means is told in mgeo.h. Options are keywords,
# answers Structs with those members; enumerators are symbols (:bf16, :live), members that are 0 or 1 booleans.
require "mgeo/mgeo_ext"

module Mgeo
  # A call of the library's that failed; the message is the library's line.
  class Error < StandardError
    # :io for MGEO_E_IO, and so on
    attr_reader :status

    def initialize(message, status = :internal)
      super(message)
      @status = status
    end
  end

  # A condition that the caller set refused it. After a swap the receipt has the gate's figures and limits.
  class Refused < Error
    attr_accessor :receipt
  end

  # A Struct for the answers of mgeo.h's struct of that name.
  def self.struct_of(name, *more)
    Struct.new(*members(name), *more, keyword_init: true)
  end
  private_class_method :struct_of

  ModelInfo = struct_of("mgeo_model_info")
  Memory = struct_of("mgeo_memory")
  Shift = struct_of("mgeo_shift", :pair)
  Check = struct_of("mgeo_check")
  Comparison = struct_of("mgeo_compare_report", :worst)
  Receipt = struct_of("mgeo_swap_receipt")
  WatchReport = struct_of("mgeo_watch_report")
  ShadowReport = struct_of("mgeo_shadow_report")
  UnusedField = struct_of("mgeo_unused_field")
  Stats = struct_of("mgeo_stats")
  Rollout = struct_of("mgeo_rollout")
  JournalReport = struct_of("mgeo_journal_report", :valid)

  # One call's answers. A label is an index into ModelInfo#labels; -1, and a similarity that is NaN: no score.
  Scores = Struct.new(:similarity, :label, :flags, :probabilities, :logits, :generation, :tokens, :label_count,
                      :bad_rows, keyword_init: true)
  # One pair's.
  Score = Struct.new(:similarity, :label, :flags, :probabilities, :logits, :generation, keyword_init: true)

  ROW_FLAGS = enumerators("mgeo_row_flag").freeze

  class << self
    # The names of a row's flags.
    def flag_names(flags)
      ROW_FLAGS.select { |_, bit| flags.anybits?(bit) }.keys
    end

    # path as in Engine#load.
    def predict_memory(path = nil, **options)
      Memory.new(**native_predict(path&.to_s, options))
    end

    # A journal that is not valid is an answer, not an error.
    def journal_verify(path)
      valid, report = native_verify(path.to_s)
      JournalReport.new(**report, valid: valid)
    end

    # What the extension raises.
    def failure(name, message, receipt)
      status = name.delete_prefix("MGEO_E_").downcase.to_sym
      return Error.new(message, status) unless status == :refused

      Refused.new(message, status).tap { |refused| refused.receipt = receipt && receipt_of(receipt) }
    end

    def receipt_of(hash)
      Receipt.new(**hash, checks: hash[:checks].map { |check| Check.new(**check) })
    end

    private :native_predict, :native_verify
  end

  # What engines and jobs have in common.
  module Scoring
    # score([[a, b], …], probabilities: true) answers Scores; score(a, b) a Score. Other threads of Ruby run
    # meanwhile; what is raised in this one (by Timeout, Thread#raise, Thread#kill, an interrupt) ends the call.
    def score(pairs, text = nil, probabilities: false, logits: false, route_key: nil)
      list = text.nil? ? pairs : [[pairs, text]]
      all = native_score(list, { probabilities: probabilities, logits: logits, route_key: route_key })
      return Scores.new(**all) if text.nil?

      Score.new(similarity: all[:similarity][0], label: all[:label][0], flags: all[:flags][0],
                probabilities: all[:probabilities]&.first, logits: all[:logits]&.first, generation: all[:generation])
    end
  end

  # One model for many calls. Ends by finish, or when it is collected.
  class Job
    include Scoring

    def info
      ModelInfo.new(**native_info)
    end
  end

  # Two slots for models, one of them live. Closed by close, or when it is collected.
  class Engine
    include Scoring

    # With a block, the engine is closed at its end, and the block's value is answered.
    def self.open(**options)
      engine = new(**options)
      return engine unless block_given?

      begin
        yield engine
      ensure
        engine.close
      end
    end

    # queue_rows, journal, actor
    def initialize(**options)
      native_create(options)
    end

    # path: a model directory; nil: the bundled model.
    def load(path = nil, **options)
      ModelInfo.new(**native_load(path&.to_s, options))
    end

    # With a block, the job is finished at its end, and the block's value is answered.
    def job(**options)
      job = native_job(options)
      return job unless block_given?

      begin
        yield job
      ensure
        job.finish
      end
    end

    # Both models on the same pairs; gold: [name or nil, …].
    def compare(pairs, worst: 16, **options)
      report = native_compare({ pairs: pairs, **options }, worst)
      shifts = report[:worst].map { |shift| Shift.new(**shift, pair: pairs[shift[:index]]) }
      Comparison.new(**report, worst: shifts)
    end

    # gate: { pairs:, gold:, max_flip_share: … }, watch: { window_calls:, max_error_rate: … }
    def swap(gate: nil, watch: nil, **options)
      Mgeo.receipt_of(native_swap(options, gate, watch))
    end

    def roll_back(**options)
      Mgeo.receipt_of(native_roll_back(options))
    end

    def watch
      report = native_watch
      WatchReport.new(**report, checks: report[:checks].map { |check| Check.new(**check) })
    end

    # Shares are in 1/10,000.
    def set_canary(share, watch: nil, **options)
      native_canary(share, options, watch)
    end

    def set_shadow(share, **options)
      native_set_shadow(share, options)
    end

    def shadow
      ShadowReport.new(**native_shadow)
    end

    # The pair with the largest shift has rank 0.
    def shadow_pair(rank)
      Shift.new(**native_shadow_pair(rank))
    end

    # slot: :live, :standby, :blue or :green
    def info(slot = :live)
      ModelInfo.new(**native_info(slot))
    end

    def stats(slot = :live)
      Stats.new(**native_stats(slot))
    end

    def rollout
      Rollout.new(**native_rollout)
    end

    def unused_fields(slot = :live)
      Array.new(info(slot).unused_fields) { |index| UnusedField.new(**native_field(slot, index)) }
    end

    def unused_tensors(slot = :live)
      Array.new(info(slot).unused_tensors) { |index| native_tensor(slot, index) }
    end

    # format: :openmetrics or :prometheus
    def metrics(format = :openmetrics)
      native_metrics(format)
    end
  end
end
