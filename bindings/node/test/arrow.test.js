// SPDX-License-Identifier: Apache-2.0
// Tables by Arrow's C data interface, its structs laid out by hand.
'use strict';

const assert = require('node:assert/strict');
const {test} = require('node:test');

const {Engine, arrowColumns} = require('../lib/index.js');
const native = require('../lib/native.js');
const {fails, pairs} = require('./support.js');

const SCHEMA_RELEASE = 56;
const ARRAY_RELEASE = 64;

/** Memory that lives as long as the table. */
class Table {
  kept = [];

  bytes(buffer) {
    this.kept.push(buffer);
    return native.address(buffer);
  }

  /** 64-bit numbers at their offsets. */
  struct(size, members) {
    const view = new DataView(new ArrayBuffer(size));
    for (const [offset, value] of Object.entries(members)) {
      view.setBigUint64(Number(offset), BigInt(value), true);
    }
    return this.bytes(view.buffer);
  }

  text(text) {
    return this.bytes(new Uint8Array(Buffer.from(`${text}\0`)).buffer);
  }

  pointers(...addresses) {
    return this.bytes(BigUint64Array.from([...addresses, 0n]).buffer);
  }

  // What is borrowed is never released: any number will do for the function.
  schema(format, name, ...children) {
    return this.struct(72, {0: this.text(format), 8: this.text(name), 24: 2, 32: children.length,
      40: this.pointers(...children), [SCHEMA_RELEASE]: 1});
  }

  array(length, buffers, ...children) {
    return this.struct(80, {0: length, 24: buffers.length, 32: children.length, 40: this.pointers(...buffers),
      48: this.pointers(...children), [ARRAY_RELEASE]: 1});
  }

  texts(texts) {
    let end = 0;
    const offsets = Int32Array.from([0, ...texts.map((text) => (end += Buffer.byteLength(text)))]);
    return this.array(texts.length, [0n, this.bytes(offsets.buffer), this.text(texts.join(''))]);
  }
}

test('a table', async () => {
  const engine = new Engine();
  await engine.load();
  const some = pairs(30);
  const table = new Table();
  const schema = table.schema('+s', '', table.schema('u', 'left'), table.schema('u', 'right'));
  const array = table.array(30, [0n], table.texts(some.map(([a]) => a)), table.texts(some.map(([, b]) => b)));
  const outSchema = new DataView(new ArrayBuffer(72));
  const outArray = new DataView(new ArrayBuffer(80));
  const out = [table.bytes(outSchema.buffer), table.bytes(outArray.buffer)];
  const job = engine.job();
  for (const more of [{}, {job}]) {
    await engine.scoreArrow(schema, array, {a: 'left', b: 'right', columns: arrowColumns.similarity, ...more}, ...out);
    assert.equal(outArray.getBigUint64(0, true), 30n);
    assert.equal(outArray.getBigUint64(32, true), 1n);
    Engine.releaseArrow(...out);
    assert.equal(outSchema.getBigUint64(SCHEMA_RELEASE, true), 0n);
    assert.equal(outArray.getBigUint64(ARRAY_RELEASE, true), 0n);
  }
  await engine.scoreArrow(schema, array, undefined, ...out);
  assert.equal(outArray.getBigUint64(32, true), 5n);
  Engine.releaseArrow(...out);
  await fails('MGEO_E_ARGUMENT', () => engine.scoreArrow(schema, array, {a: 'none'}, ...out));
  const other = new Engine();
  await fails('MGEO_E_ARGUMENT', () => other.scoreArrow(schema, array, {job}, ...out));
  await other.close();
  await job.close();
  await engine.close();
});
