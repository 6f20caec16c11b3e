// SPDX-License-Identifier: Apache-2.0
// Options into structs, structs into reports, by the layouts of mgeo.json.
'use strict';

const {constants, enums, options: optionLayouts, reports: reportLayouts} = require('../generated/layouts.js');
const {argument} = require('./error.js');
const native = require('./native.js');

const decoder = new TextDecoder();
const U32_LIMIT = 2 ** 32;

// ---- Options ------------------------------------------------------------------------------------

function number(name, value) {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw argument(`${name} is no number`);
  }
  return value;
}

function whole(name, value) {
  if (!Number.isInteger(value) || value < 0 || value >= U32_LIMIT) {
    throw argument(`${name} is ${String(value)}; give a whole number from 0 on`);
  }
  return value;
}

/** A number of 64 bits, from a number or a bigint. */
function wide(name, value) {
  const safe = typeof value === 'bigint' ? value >= 0n && value < 2n ** 64n : Number.isSafeInteger(value) && value >= 0;
  if (!safe) {
    throw argument(`${name} is ${String(value)}; give a whole number from 0 on, or a bigint`);
  }
  return BigInt(value);
}

/** The number of an enumerator that is named by its text. */
function enumerator(name, enumName, text) {
  const values = enums[enumName];
  if (typeof text !== 'string' || !Object.hasOwn(values, text)) {
    throw argument(`${name} is ${String(text)}; give one of ${Object.keys(values).join(', ')}`);
  }
  return values[text];
}

const writers = {
  text: (at, name, offset, value) => at.view.setBigUint64(offset, at.memory.text(name, value), true),
  enum: (at, name, offset, value, enumName) => at.view.setInt32(offset, enumerator(name, enumName, value), true),
  bool(at, name, offset, value) {
    if (typeof value !== 'boolean') {
      throw argument(`${name} is neither true nor false`);
    }
    at.view.setInt32(offset, value ? 1 : 0, true);
  },
  u32: (at, name, offset, value) => at.view.setUint32(offset, whole(name, value), true),
  u64: (at, name, offset, value) => at.view.setBigUint64(offset, wide(name, value), true),
  f32: (at, name, offset, value) => at.view.setFloat32(offset, number(name, value), true),
  f64: (at, name, offset, value) => at.view.setFloat64(offset, number(name, value), true),
  struct: (at, name, offset, value, layout) => at.view.setBigUint64(offset, write(at.memory, layout, value), true),
  pairs(at, name, offset, value) {
    const {address, count} = at.memory.pairs(value);
    at.view.setBigUint64(offset, address, true);
    at.view.setBigUint64(offset + 8, BigInt(count), true);
  },
  gold(at, name, offset, value) {
    const count = Number(at.view.getBigUint64(offset - 8, true));
    if (!Array.isArray(value) || value.length !== count) {
      throw argument(`gold is no array of ${count} labels, one a pair`);
    }
    const names = at.memory.bytes(8 * Math.max(1, count));
    value.forEach((label, i) => names.view.setBigUint64(8 * i, at.memory.text('gold', label), true));
    at.view.setBigUint64(offset, names.address, true);
  },
  list(at, name, offset, value) {
    if (!Array.isArray(value) && !(value instanceof Uint32Array)) {
      throw argument(`${name} is no array of numbers`);
    }
    const numbers = Uint32Array.from(value, (each) => whole(name, each));
    if (numbers.length > 0) {
      at.view.setBigUint64(offset, at.memory.keep(numbers.buffer), true);
    }
  },
  job: (at, name, offset, value) => at.view.setBigUint64(offset, at.nativeOf(value), true),
  log(at, name, offset, value) {
    at.view.setBigUint64(offset, native.logFunction(), true);
    at.view.setBigUint64(offset + 8, value, true);
  },
  // Written after all others: it begins to listen.
  progress: () => {},
  block: () => {},
};

/** Refuses names that are no option, so that none is passed over in silence. */
function checkNames(layout, given) {
  const known = optionLayouts[layout].fields.filter(([, kind]) => kind !== 'block').map(([name]) => name);
  if (known.includes('signal')) {
    known.push('onProgress');
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw argument(`no option ${name}; there are ${known.join(', ')}`);
    }
  }
}

/** Writes options into the call's memory; 0n where there are none. `nativeOf` tells a job's address. */
function write(memory, layout, given, nativeOf) {
  const {size, fields} = optionLayouts[layout];
  const watched = fields.find(([, kind]) => kind === 'progress' || kind === 'block');
  if ((given === undefined || given === null) && !watched) {
    return 0n;
  }
  const options = given ?? {};
  if (typeof options !== 'object') {
    throw argument('options are no object');
  }
  checkNames(layout, options);
  const struct = memory.versioned(size);
  const at = {view: struct.view, memory, nativeOf};
  for (const [name, kind, offset, detail] of fields) {
    if (options[name] !== undefined && options[name] !== null) {
      writers[kind](at, name, offset, options[name], detail);
    }
  }
  if (watched) {
    struct.view.setBigUint64(watched[2], memory.watch(options.signal, options.onProgress), true);
  }
  return struct.address;
}

// ---- Reports ------------------------------------------------------------------------------------

const texts = Object.fromEntries(Object.entries(enums).map(
    ([name, values]) => [name, new Map(Object.entries(values).map(([text, value]) => [value, text]))]));

function chars(view, offset, size) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, size);
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function wideNumber(view, offset) {
  return Number(view.getBigUint64(offset, true));
}

function list(count, read) {
  return Array.from({length: count}, (_, i) => read(i));
}

const readers = {
  chars,
  enum: (view, offset, name) => texts[name].get(view.getInt32(offset, true)) ?? null,
  bool: (view, offset) => view.getInt32(offset, true) !== 0,
  i32: (view, offset) => view.getInt32(offset, true),
  u32: (view, offset) => view.getUint32(offset, true),
  u64: wideNumber,
  f32: (view, offset) => view.getFloat32(offset, true),
  f64: (view, offset) => view.getFloat64(offset, true),
  char_lists: (view, offset, size, count) =>
    list(view.getUint32(count, true), (i) => chars(view, offset + i * size, size)),
  numbers: (view, offset, length) => list(length, (i) => wideNumber(view, offset + 8 * i)),
  matrix: (view, offset, rows, columns) => list(view.getUint32(rows, true), (row) =>
    list(view.getUint32(columns, true), (column) =>
      wideNumber(view, offset + 8 * (constants.MAX_LABELS * row + column)))),
  structs: (view, offset, layout, size, count) => list(view.getUint32(count, true), (i) =>
    read(layout, new DataView(view.buffer, view.byteOffset + offset + i * size, size))),
};

function read(layout, view) {
  const report = {};
  for (const [name, kind, offset, ...details] of reportLayouts[layout].fields) {
    report[name] = readers[kind](view, offset, ...details);
  }
  return report;
}

function sizeOf(layout) {
  return reportLayouts[layout].size;
}

module.exports = {chars, enumerator, read, sizeOf, whole, wide, wideNumber, write};
