// SPDX-License-Identifier: Apache-2.0
// The engine: two slots for models, one of them live.
'use strict';

const {calls, enums, reports} = require('../generated/layouts.js');
const {argument} = require('./error.js');
const {EngineHandle, Handle, Memory, makeDisposable} = require('./handle.js');
const {Job, useJob} = require('./job.js');
const native = require('./native.js');
const {ofEngine, score} = require('./scoring.js');
const {chars, enumerator, read, sizeOf, whole, wideNumber, write} = require('./struct.js');

const NAME_BYTES = 1024;
const TEXT_BYTES = 1024;
const logLevels = Object.keys(enums.logLevel);

// Engines that nobody can reach any more.
const forgotten = new FinalizationRegistry((handle) => {
  void handle.end();
});

/** Options whose log, a function, has become the address of a native one. */
function withLog(options) {
  if (options?.log === undefined || options.log === null) {
    return {options, log: undefined};
  }
  const {log: told} = options;
  if (typeof told !== 'function') {
    throw argument('log is no function');
  }
  const log = native.makeLog((level, line) => told(logLevels[level], line));
  return {options: {...options, log}, log};
}

function makeHandle(given) {
  const {options, log} = withLog(given);
  const memory = new Memory();
  try {
    const out = memory.bytes(8);
    memory.call(calls.engine_create, write(memory, 'EngineOptions', options), out.address);
    const address = out.view.getBigUint64(0, true);
    native.adoptEngine(address);
    return new EngineHandle(address, log);
  } catch (error) {
    if (log !== undefined) {
      native.freeLog(log);
    }
    throw error;
  } finally {
    memory.end();
  }
}

/** Calls outside any engine. */
function outside(body) {
  return new Handle('library').run(body);
}

/** An error that carries what was measured. */
async function withReport(status, name, report, body) {
  try {
    await body();
  } catch (error) {
    if (error.status === enums.status[status]) {
      error[name] = report();
    }
    throw error;
  }
  return report();
}

class Engine {
  #handle;

  constructor(options) {
    this.#handle = makeHandle(options);
    forgotten.register(this, this.#handle, this);
  }

  static get version() {
    return native.version();
  }

  /** Frees the engine once its calls have ended; ends jobs that are left. */
  close() {
    forgotten.unregister(this);
    return this.#handle.end();
  }

  // ---- Loading ----

  async load(path, options) {
    return this.#report('ModelInfo', (memory, info) =>
      memory.callOnPool(calls.load, this.#address, memory.text('path', path), write(memory, 'LoadOptions', options),
          info));
  }

  async unload() {
    await this.#handle.run((memory) => memory.callOnPool(calls.unload, this.#address));
  }

  static async predictMemory(path, options) {
    return outside(async (memory) => {
      const report = memory.versioned(sizeOf('Memory'));
      await memory.callOnPool(calls.predict_memory, memory.text('path', path), write(memory, 'LoadOptions', options),
          report.address);
      return read('Memory', report.view);
    });
  }

  get #address() {
    return this.#handle.address;
  }

  /** A call on the pool that fills a report. */
  #report(layout, body, behind = 0) {
    return this.#handle.run(async (memory) => {
      const report = memory.versioned(sizeOf(layout), behind);
      await body(memory, report.address, report.view);
      return read(layout, report.view);
    });
  }

  /** The same here: for what takes no time. */
  #query(layout, call, ...args) {
    return this.#handle.here((memory) => {
      const report = memory.versioned(sizeOf(layout));
      memory.call(call, this.#address, ...args, report.address);
      return read(layout, report.view);
    });
  }

  // ---- Scoring ----

  score(pairs, options) {
    return this.#handle.run((memory) => score(memory, ofEngine(this.#address), pairs, options));
  }

  async scorePair(a, b, options) {
    const scores = await this.score([[a, b]], {probabilities: true, ...options});
    return {
      similarity: scores.similarity[0],
      label: scores.label[0],
      flags: scores.flags[0],
      probabilities: scores.probabilities,
      generation: scores.generation,
    };
  }

  job(options) {
    return new Job(this, this.#handle, options);
  }

  // ---- Tables ----

  async scoreArrow(pairsSchema, pairs, options, scoresSchema, scores) {
    const {job, ...others} = options ?? {};
    const call = (nativeJob) => this.#handle.run((memory) => memory.callOnPool(calls.score_arrow, this.#address,
        pairsSchema, pairs, write(memory, 'ArrowOptions', nativeJob === undefined ? others : {...others, job: nativeJob},
            (address) => address), scoresSchema, scores));
    await (job === undefined || job === null ? call() : useJob(job, this.#handle, call));
  }

  static releaseArrow(schema, array) {
    native.releaseArrow(schema, array);
  }

  // ---- Rolling out ----

  async compare(options, worst = 0) {
    const {size, fields} = reports.CompareReport;
    const capacityAt = fields.find(([name]) => name === 'worstCount')[2] - 8;
    const given = options?.pairs?.a ?? options?.pairs;
    const most = Math.min(whole('worst', worst), Array.isArray(given) ? given.length : 0);
    const room = most * sizeOf('Shift');
    return this.#report('CompareReport', (memory, report, view) => {
      if (most > 0) {
        view.setBigUint64(capacityAt - 8, report + BigInt(size), true);
        view.setBigUint64(capacityAt, BigInt(most), true);
      }
      return memory.callOnPool(calls.compare, this.#address, write(memory, 'CompareOptions', options), report);
    }, room);
  }

  async swap(options) {
    return this.#handle.run((memory) => {
      const receipt = memory.versioned(sizeOf('SwapReceipt'));
      return withReport('MGEO_E_REFUSED', 'receipt', () => read('SwapReceipt', receipt.view), () =>
        memory.callOnPool(calls.swap_model, this.#address, write(memory, 'SwapOptions', options), receipt.address));
    });
  }

  async rollBack(options) {
    return this.#report('SwapReceipt', (memory, receipt) =>
      memory.callOnPool(calls.roll_back, this.#address, write(memory, 'RollBackOptions', options), receipt));
  }

  watch() {
    return this.#query('WatchReport', calls.get_watch);
  }

  async setCanary(share, options) {
    await this.#handle.run((memory) => memory.callOnPool(
        calls.set_canary, this.#address, whole('share', share), write(memory, 'CanaryOptions', options)));
  }

  async setShadow(share, options) {
    await this.#handle.run((memory) => memory.callOnPool(
        calls.set_shadow, this.#address, whole('share', share), write(memory, 'ShadowOptions', options)));
  }

  shadow() {
    return this.#query('ShadowReport', calls.get_shadow);
  }

  shadowPair(rank) {
    return this.#handle.here((memory) => {
      const shift = memory.bytes(sizeOf('Shift'));
      const [a, b] = [memory.bytes(TEXT_BYTES), memory.bytes(TEXT_BYTES)];
      memory.call(calls.get_shadow_pair, this.#address, whole('rank', rank), shift.address, a.address, TEXT_BYTES,
          b.address, TEXT_BYTES);
      return {shift: read('Shift', shift.view), a: chars(a.view, 0, TEXT_BYTES), b: chars(b.view, 0, TEXT_BYTES)};
    });
  }

  // ---- Queries ----

  info(slot = 'live') {
    return this.#query('ModelInfo', calls.get_info, enumerator('slot', 'slot', slot));
  }

  stats(slot = 'live') {
    return this.#query('Stats', calls.get_stats, enumerator('slot', 'slot', slot));
  }

  rollout() {
    return this.#query('Rollout', calls.get_rollout);
  }

  unusedTensors(slot = 'live') {
    return Array.from({length: this.info(slot).unusedTensors}, (_, i) => this.#handle.here((memory) => {
      const name = memory.bytes(NAME_BYTES);
      memory.call(calls.get_unused_tensor, this.#address, enums.slot[slot], i, name.address, NAME_BYTES);
      return chars(name.view, 0, NAME_BYTES);
    }));
  }

  unusedFields(slot = 'live') {
    return Array.from({length: this.info(slot).unusedFields}, (_, i) =>
      this.#query('UnusedField', calls.get_unused_field, enums.slot[slot], i));
  }

  metrics(format = 'openmetrics') {
    const number = enumerator('format', 'metricsFormat', format);
    return this.#handle.here((memory) => {
      for (let capacity = 1 << 16; ; capacity *= 2) {
        const [text, length] = [memory.bytes(capacity), memory.bytes(8)];
        try {
          memory.call(calls.write_metrics, this.#address, number, text.address, capacity, length.address);
          return chars(text.view, 0, wideNumber(length.view, 0));
        } catch (error) {
          if (error.status !== enums.status.MGEO_E_CAPACITY) {
            throw error;
          }
        }
      }
    });
  }

  static async verifyJournal(path) {
    return outside((memory) => {
      const report = memory.versioned(sizeOf('JournalReport'));
      return withReport('MGEO_E_FORMAT', 'report', () => read('JournalReport', report.view), () =>
        memory.callOnPool(calls.journal_verify, memory.text('path', path), report.address));
    });
  }
}

makeDisposable(Engine);

module.exports = {Engine};
