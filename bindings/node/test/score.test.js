// SPDX-License-Identifier: Apache-2.0
// Scores: many calls at once, both shapes of input, and texts that are none.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const {after, before, test} = require('node:test');

const {Engine, rowFlags} = require('../lib/index.js');
const {fails, pairs, root} = require('./support.js');

const engine = new Engine();

before(async () => {
  const info = await engine.load(null, {threads: 2, version: 'first'});
  assert.equal(info.version, 'first');
  assert.equal(info.live, true);
  assert.deepEqual(info.labels, ['not_match', 'partial_match', 'exact_match']);
});
after(() => engine.close());

test('many calls at once answer as one', async () => {
  const all = pairs(1000);
  const expected = await engine.score(all);
  assert.equal(expected.similarity.length, 1000);
  const parts = await Promise.all(Array.from({length: 40}, (_, i) => engine.score(all.slice(25 * i, 25 * i + 25))));
  assert.deepEqual(parts.flatMap((part) => [...part.similarity]), [...expected.similarity]);
});

test('shapes agree, and arrays are rows of labels', async () => {
  const some = pairs(50);
  const scores = await engine.score(some, {probabilities: true, logits: true});
  const columns = {a: some.map(([a]) => a), b: some.map(([, b]) => b)};
  assert.deepEqual((await engine.score(columns)).similarity, scores.similarity);
  assert.equal(scores.labelCount, 3);
  assert.equal(scores.probabilities.length, 150);
  for (let i = 0; i < 50; i++) {
    const row = [...scores.probabilities.subarray(3 * i, 3 * i + 3)];
    const odds = [...scores.logits.subarray(3 * i, 3 * i + 3)];
    assert.equal(scores.label[i], row.indexOf(Math.max(...row)));
    assert.ok(Math.abs(row.reduce((sum, each) => sum + each) - 1) < 1e-5);
    assert.equal(odds.indexOf(Math.max(...odds)), scores.label[i]);
  }
  const one = await engine.scorePair(...some[7]);
  assert.equal(one.similarity, scores.similarity[7]);
  assert.deepEqual([...one.probabilities], [...scores.probabilities.subarray(21, 24)]);
  assert.equal((await engine.score(some)).probabilities, undefined);
  assert.equal((await engine.score([])).similarity.length, 0);
  assert.equal((await engine.score({a: [], b: []}, {logits: true})).logits.length, 0);
});

test('what a getter of the caller throws is passed on', async () => {
  for (const mine of [new RangeError('mine'), null, 7]) {
    const some = pairs(5);
    Object.defineProperty(some, 3, {get() {
      throw mine;
    }});
    await assert.rejects(engine.score(some), (thrown) => thrown === mine);
  }
  await fails('MGEO_E_ARGUMENT', () => engine.score([[1, 2]]));
  await fails('MGEO_E_ARGUMENT', () => engine.score(new Array(3)));
});

test('rows are as wide as the model that answers', async () => {
  const narrow = new Engine();
  await narrow.load(path.join(root, 'tests', 'golden', 'models', 'two_labels'));
  const some = pairs(9);
  const two = await narrow.score(some, {probabilities: true});
  assert.equal(two.probabilities.length, 18);
  await narrow.load();
  const beside = await narrow.score(some, {probabilities: true});
  assert.equal(beside.labelCount, 2);
  assert.deepEqual([...beside.probabilities], [...two.probabilities]);
  await narrow.close();
});

test('texts beyond the first plane, and halves of them', async () => {
  const scores = await engine.score([
    ['𠮷野家🙂杭州', '𠮷野家🙂杭州'], ['杭州\ud842', '杭州'], ['\udfb7杭州', '杭州'], ['', '杭州'],
    ['路'.repeat(1_000_000), '路'], ['a\u0000b', 'a\u0000b'],
  ]);
  assert.ok(scores.similarity[0] > 0.5);
  assert.ok((scores.flags[0] & rowFlags.invalid_utf8) === 0);
  assert.equal(scores.flags[1], rowFlags.invalid_utf8);
  assert.equal(scores.flags[2], rowFlags.invalid_utf8);
  assert.equal(scores.flags[3], rowFlags.empty);
  assert.ok(scores.flags[4] & rowFlags.truncated);
  assert.ok(Number.isNaN(scores.similarity[1]));
  assert.equal(scores.label[1], -1);
  assert.equal(scores.badRows, 3);
});

test('what is no pair', async () => {
  assert.match((await fails('MGEO_E_ARGUMENT', () => engine.score([['a', 'b'], ['a', 7]]))).message, /pair 1: text b/);
  assert.match((await fails('MGEO_E_ARGUMENT', () => engine.score([['a']]))).message, /pair 0/);
  assert.match((await fails('MGEO_E_ARGUMENT', () => engine.score(['ab']))).message, /pair 0/);
  await fails('MGEO_E_ARGUMENT', () => engine.score('ab'));
  await fails('MGEO_E_ARGUMENT', () => engine.score({a: ['a'], b: []}));
  await fails('MGEO_E_ARGUMENT', () => engine.score([['a', 'b']], {probabilites: true}));
  await fails('MGEO_E_ARGUMENT', () => engine.score([['a', 'b']], {routeKey: -1}));
});

test('errors', async () => {
  const failure = await fails('MGEO_E_IO', () => engine.load('/no/such/folder'));
  assert.match(failure.message, /\/no\/such\/folder/);
  assert.equal(failure.status, 3);
  assert.match((await fails('MGEO_E_ARGUMENT', () => engine.load(null, {thread: 1}))).message, /thread;.*threads/);
  await fails('MGEO_E_ARGUMENT', () => engine.load(null, {partialWeight: 2}));
  await fails('MGEO_E_ARGUMENT', () => engine.load(null, {threads: -1}));
  await fails('MGEO_E_ARGUMENT', () => engine.load(null, {precision: 'fp31'}));
  await fails('MGEO_E_ARGUMENT', () => engine.load(null, {skipWarmUp: 1}));
  await fails('MGEO_E_ARGUMENT', () => engine.load(null, {version: 'a\0b'}));
  await fails('MGEO_E_DEVICE', () => engine.load(null, {device: 'cuda:99'}));
  await fails('MGEO_E_NO_MODEL', () => engine.info('standby'));
  await fails('MGEO_E_ARGUMENT', () => engine.info('red'));
  await fails('MGEO_E_NO_MODEL', () => engine.swap());
  const empty = new Engine();
  await fails('MGEO_E_NO_MODEL', () => empty.score([['a', 'b']]));
  await fails('MGEO_E_NO_MODEL', () => empty.score([['a', 'b']], {probabilities: true}));
  await empty.close();
});
