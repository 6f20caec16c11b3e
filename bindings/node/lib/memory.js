// SPDX-License-Identifier: Apache-2.0
// The memory of one call: structs, texts, pairs and a progress block, which stay where they are until it ends.
'use strict';

const os = require('node:os');

const {enums} = require('../generated/layouts.js');
const {MgeoError, argument} = require('./error.js');
const native = require('./native.js');

const PROGRESS_BYTES = 64;
const PROGRESS_MILLISECONDS = 100;
const ROWS_A_SLICE = 4096;
const stages = Object.keys(enums.stage);
const encoder = new TextEncoder();

// Calls that run: a process that exits must not wait for their ends.
const running = new Set();
process.on('exit', () => running.forEach((progress) => native.cancel(progress)));

if (os.endianness() !== 'LE') {
  throw new Error('mgeo: this binding is for little-endian processors');
}

/** Pairs as the caller gives them: [[a, b], ...] or {a: [...], b: [...]}. */
function columns(pairs) {
  if (Array.isArray(pairs)) {
    return {a: pairs, b: undefined, count: pairs.length};
  }
  if (!Array.isArray(pairs?.a) || !Array.isArray(pairs?.b)) {
    throw argument('pairs are an array of [a, b], or {a: [...], b: [...]}');
  }
  if (pairs.a.length !== pairs.b.length) {
    throw argument(`${pairs.a.length} texts a, but ${pairs.b.length} texts b`);
  }
  return {a: pairs.a, b: pairs.b, count: pairs.a.length};
}

function addRows(texts, {a, b}, from, to) {
  try {
    native.textsAdd(texts, a, b, from, to);
  } catch (error) {
    const status = enums.status[error?.code];
    throw status === undefined ? error : new MgeoError(status, error.message);
  }
}

class Memory {
  #kept = [];
  #texts = [];
  #endings = [];
  #signal;
  progress = 0n;

  /** An ArrayBuffer that lives as long as the call, and its address. */
  keep(buffer) {
    this.#kept.push(buffer);
    return native.address(buffer);
  }

  bytes(size) {
    const buffer = new ArrayBuffer(size);
    return {view: new DataView(buffer), address: this.keep(buffer)};
  }

  /** A struct that begins with its size; more memory may lie behind it. */
  versioned(size, behind = 0) {
    const struct = this.bytes(size + behind);
    struct.view.setBigUint64(0, BigInt(size), true);
    return struct;
  }

  /** A NUL-terminated text; 0n for none. */
  text(name, text) {
    if (text === undefined || text === null) {
      return 0n;
    }
    if (typeof text !== 'string' || text.includes('\0')) {
      throw argument(`${name} is no string, or has a NUL character`);
    }
    return this.utf8(text).address;
  }

  /** A string in UTF-8, a NUL behind it, and its length. */
  utf8(text) {
    const bytes = encoder.encode(`${text}\0`).slice();
    return {address: this.keep(bytes.buffer), length: bytes.length - 1};
  }

  /** Pairs, all made at once. */
  pairs(pairs) {
    const given = columns(pairs);
    const texts = this.#makeTexts(given.count);
    addRows(texts, given, 0, given.count);
    return {address: native.textsPairs(texts), count: given.count};
  }

  /** The same, with pauses in which the event loop turns. */
  async pairsInSlices(pairs) {
    const given = columns(pairs);
    const texts = this.#makeTexts(given.count);
    for (let from = 0; from < given.count; from += ROWS_A_SLICE) {
      if (from > 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      addRows(texts, given, from, Math.min(from + ROWS_A_SLICE, given.count));
    }
    return {address: native.textsPairs(texts), count: given.count};
  }

  #makeTexts(count) {
    const texts = native.textsCreate(count);
    this.#texts.push(texts);
    return texts;
  }

  /** Shows how far the call is in a block that outlives it; who else looks after that. */
  useBlock(block) {
    this.progress = this.keep(block);
  }

  /** A progress block, or the one given, that the signal cancels and that onProgress is told of. */
  watch(signal, onProgress, block = new ArrayBuffer(PROGRESS_BYTES)) {
    if (this.progress !== 0n) {
      return this.progress;
    }
    const address = this.keep(block);
    this.progress = address;
    running.add(address);
    this.#endings.push(() => running.delete(address));
    this.#listen(signal, address);
    if (onProgress) {
      const timer = setInterval(() => {
        const [stage, done, total] = native.readProgress(address);
        onProgress({stage: stages[stage], done, total});
      }, PROGRESS_MILLISECONDS);
      timer.unref();
      this.#endings.push(() => clearInterval(timer));
    }
    return address;
  }

  #listen(signal, address) {
    if (signal === undefined || signal === null) {
      return;
    }
    if (!(signal instanceof AbortSignal)) {
      throw argument('signal is no AbortSignal');
    }
    this.#signal = signal;
    const cancel = () => native.cancel(address);
    signal.addEventListener('abort', cancel, {once: true});
    this.#endings.push(() => signal.removeEventListener('abort', cancel));
    this.throwIfAborted();
  }

  throwIfAborted() {
    if (this.#signal?.aborted) {
      this.check({status: enums.status.MGEO_E_CANCELLED, message: 'cancelled by the signal before the call began'});
    }
  }

  // ---- Calls ----

  /** Calls here: for what takes no time. */
  call(number, ...args) {
    this.check(native.call(number, BigUint64Array.from(args, BigInt)));
  }

  /** Calls on the thread pool. */
  async callOnPool(number, ...args) {
    this.throwIfAborted();
    this.check(await native.callOnPool(number, BigUint64Array.from(args, BigInt), this.#kept));
  }

  check(failure) {
    if (failure === undefined) {
      return;
    }
    const cancelled = failure.status === enums.status.MGEO_E_CANCELLED && this.#signal?.aborted;
    throw new MgeoError(failure.status, failure.message, cancelled ? {cause: this.#signal.reason} : undefined);
  }

  /** Ends what watches the call. */
  unwatch() {
    this.#endings.forEach((ending) => ending());
    this.#endings = [];
  }

  /** Ends the call: nothing of it may be in use any more. */
  end() {
    this.unwatch();
    this.#texts.forEach((texts) => native.textsFree(texts));
    this.#kept = this.#texts = [];
  }
}

module.exports = {Memory, PROGRESS_BYTES};
