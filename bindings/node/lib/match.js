// SPDX-License-Identifier: Apache-2.0
// From addresses to matches without a model: the normal form, an index that is searched, and clusters of scored links.
'use strict';

const {calls, enums} = require('../generated/layouts.js');
const {argument} = require('./error.js');
const {Handle, makeDisposable} = require('./handle.js');
const {Memory, PROGRESS_BYTES} = require('./memory.js');
const native = require('./native.js');
const {chars, read, sizeOf, whole, wide, wideNumber, write} = require('./struct.js');

const LINK_BYTES = 24;
const changeOptions = ['signal', 'onProgress'];

// Indexes that nobody can reach any more.
const forgotten = new FinalizationRegistry((handle) => {
  void handle.end();
});

/** The form of an address that ways of writing it share. */
function normalForm(text) {
  if (typeof text !== 'string' || /\p{Surrogate}/u.test(text)) {
    throw argument('the text is no string, or has half a surrogate pair');
  }
  return new Handle('library').here((memory) => {
    const given = memory.utf8(text);
    const length = memory.bytes(8);
    for (let capacity = 3 * given.length + 1; ; capacity = wideNumber(length.view, 0) + 1) {
      const form = memory.bytes(capacity);
      try {
        memory.call(calls.normal_form, given.address, given.length, form.address, capacity, length.address);
        return chars(form.view, 0, capacity);
      } catch (error) {
        if (error.status !== enums.status.MGEO_E_CAPACITY) {
          throw error;
        }
      }
    }
  });
}

// ---- The index ----------------------------------------------------------------------------------

/** The native index and what its changes share, apart from the object that a program sees. */
class IndexHandle extends Handle {
  #changes = Promise.resolve();

  /** The block is what all changes are watched by, which run one at a time. */
  constructor(address, block) {
    super('index');
    native.adoptIndex(address);
    this.address = address;
    this.block = block;
  }

  /** A call that changes the index, once those before it are over. */
  change(given, body) {
    const options = given ?? {};
    const wrong = Object.keys(options).find((name) => !changeOptions.includes(name));
    if (wrong !== undefined) {
      throw argument(`no option ${wrong}; there are ${changeOptions.join(', ')}`);
    }
    return this.run(async (memory) => {
      const before = this.#changes;
      let over;
      this.#changes = new Promise((resolve) => {
        over = resolve;
      });
      await before;
      try {
        memory.watch(options.signal, options.onProgress, this.block);
        return await body(memory);
      } finally {
        memory.unwatch();
        new Uint8Array(this.block).fill(0);
        over();
      }
    });
  }

  end() {
    return this.close(() => native.freeOwned(this.address));
  }
}

/** What makes an index: its options, and where to put its address. */
function begin(memory, options) {
  const block = new ArrayBuffer(PROGRESS_BYTES);
  memory.useBlock(block);
  return {block, written: write(memory, 'IndexOptions', options), out: memory.bytes(8)};
}

function makeHandle(options) {
  const memory = new Memory();
  try {
    const {block, written, out} = begin(memory, options);
    memory.call(calls.index_create, written, out.address);
    return new IndexHandle(out.view.getBigUint64(0, true), block);
  } finally {
    memory.end();
  }
}

/** Texts as the library's pairs hold them, two in each: an array of mgeo_pair is one of twice as many mgeo_text. */
function inTwos(texts) {
  const [a, b] = [0, 1].map((from) => texts.filter((_, i) => i % 2 === from));
  return {a, b: b.length < a.length ? [...b, ''] : b};
}

/** What a search found, as JavaScript's own; frees it. */
function take(found, count) {
  try {
    return Array.from({length: count}, (_, i) => native.candidatesOf(found, i));
  } finally {
    native.candidatesFree(found);
  }
}

class Index {
  #handle;

  /** Made with options, or by open with what it made. */
  constructor(options) {
    this.#handle = options instanceof IndexHandle ? options : makeHandle(options);
    forgotten.register(this, this.#handle, this);
  }

  static open(path, options) {
    return new Handle('library').run(async (memory) => {
      const {block, written, out} = begin(memory, options);
      await memory.callOnPool(calls.index_open, memory.text('path', path), written, out.address);
      return new Index(new IndexHandle(out.view.getBigUint64(0, true), block));
    });
  }

  /** Frees the index once its calls have ended. */
  close() {
    forgotten.unregister(this);
    return this.#handle.end();
  }

  // ---- Changes

  async put(records, options) {
    await this.#handle.change(options, async (memory) => {
      const {address, count} = await memory.pairsInSlices(records);
      await memory.callOnPool(calls.index_put, this.#handle.address, address, count);
    });
  }

  async remove(ids, options) {
    if (!Array.isArray(ids)) {
      throw argument('ids are no array of strings');
    }
    return this.#handle.change(options, async (memory) => {
      const {address, count} = await memory.pairsInSlices({a: ids, b: ids.map(() => '')});
      const removed = memory.bytes(8);
      await memory.callOnPool(calls.index_remove, this.#handle.address, address, count, removed.address);
      return wideNumber(removed.view, 0);
    });
  }

  async compact(options) {
    await this.#change(calls.index_compact, options);
  }

  async save(path, options) {
    await this.#change(calls.index_save, options, path);
  }

  async swap(path, options) {
    await this.#change(calls.index_swap, options, path);
  }

  async rollBack() {
    await this.#change(calls.index_roll_back);
  }

  #change(call, options, ...paths) {
    return this.#handle.change(options, (memory) =>
      memory.callOnPool(call, this.#handle.address, ...paths.map((path) => memory.text('path', path))));
  }

  info() {
    return this.#handle.here((memory) => {
      const info = memory.versioned(sizeOf('IndexInfo'));
      memory.call(calls.index_get_info, this.#handle.address, info.address);
      return read('IndexInfo', info.view);
    });
  }

  // ---- Searches

  async search(queries, options) {
    if (typeof queries === 'string') {
      return (await this.search([queries], options))[0];
    }
    if (!Array.isArray(queries)) {
      throw argument('queries are a string or an array of strings');
    }
    return this.#handle.run(async (memory) => {
      const written = write(memory, 'SearchOptions', options);
      const {address} = await memory.pairsInSlices(inTwos(queries));
      const out = memory.bytes(8);
      await memory.callOnPool(calls.index_search, this.#handle.address, address, queries.length, written, out.address);
      return take(out.view.getBigUint64(0, true), queries.length);
    });
  }

  async searchRows(first, count, options) {
    const {later = false, generation = 0, ...others} = options ?? {};
    return this.#handle.run(async (memory) => {
      const written = write(memory, 'SearchOptions', others);
      const [of, out] = [memory.bytes(8), memory.bytes(8)];
      of.view.setBigUint64(0, wide('generation', generation), true);
      await memory.callOnPool(calls.index_search_rows, this.#handle.address, wide('first', first), whole('count', count),
          later ? 1 : 0, of.address, written, out.address);
      return {generation: wideNumber(of.view, 0), candidates: take(out.view.getBigUint64(0, true), count)};
    });
  }
}

makeDisposable(Index);

// ---- Clusters -----------------------------------------------------------------------------------

/** An array of mgeo_link. */
function writeLinks(memory, links) {
  if (!Array.isArray(links)) {
    throw argument('links are no array of {a, b, score}');
  }
  const all = memory.bytes(LINK_BYTES * Math.max(1, links.length));
  links.forEach((link, i) => {
    if (typeof link?.score !== 'number') {
      throw argument(`link ${i} is no {a, b, score}`);
    }
    all.view.setBigUint64(LINK_BYTES * i, wide('a', link.a), true);
    all.view.setBigUint64(LINK_BYTES * i + 8, wide('b', link.b), true);
    all.view.setFloat32(LINK_BYTES * i + 16, link.score, true);
  });
  return all.address;
}

async function cluster(links, rows, options) {
  const source = options?.source;
  if (source !== undefined && source !== null && source.length > 0 && source.length !== rows) {
    throw argument(`source has ${source.length} entries for ${rows} rows`);
  }
  return new Handle('library').run(async (memory) => {
    const size = sizeOf('Member');
    const members = memory.bytes(size * Math.max(1, whole('rows', rows)));
    await memory.callOnPool(calls.cluster, writeLinks(memory, links), links.length, rows,
        write(memory, 'ClusterOptions', options), members.address);
    return Array.from({length: rows}, (_, i) => read('Member', new DataView(members.view.buffer, i * size, size)));
  });
}

module.exports = {Index, cluster, normalForm};
