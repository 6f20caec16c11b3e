// SPDX-License-Identifier: Apache-2.0
// Rolling out: swaps under load, gates, watches, canaries, shadow calls, comparisons, jobs and the journal.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test} = require('node:test');

const {Engine, constants} = require('../lib/index.js');
const {fails, other, pairs, pause, twoModels} = require('./support.js');

test('swaps under load', async () => {
  const engine = await twoModels();
  const some = pairs(40);
  const first = await engine.score(some);
  await engine.swap();
  const second = await engine.score(some);
  assert.notDeepEqual(first.similarity, second.similarity);
  const answers = [0, 0, 0];
  let over = false;
  const callers = Array.from({length: 3}, async () => {
    while (!over) {
      const scores = await engine.score(some);
      assert.deepEqual(scores.similarity, (scores.generation === 1 ? first : second).similarity);
      answers[scores.generation]++;
    }
  });
  for (let i = 0; i < 100 || answers[1] === 0 || answers[2] === 0; i++) {
    const receipt = await engine.swap({actor: 'test', reason: 'under load'});
    assert.equal(receipt.fromGeneration + receipt.toGeneration, 3);
  }
  over = true;
  await Promise.all(callers);
  await engine.close();
});

test('roll back, unload', async () => {
  const engine = await twoModels();
  await fails('MGEO_E_NO_MODEL', () => engine.rollBack());
  assert.equal((await engine.swap()).fromVersion, 'live');
  assert.equal((await engine.rollBack({reason: 'worse'})).toVersion, 'live');
  assert.equal(engine.rollout().liveGeneration, 1);
  await engine.unload();
  await fails('MGEO_E_NO_MODEL', () => engine.unload());
  await engine.close();
});

test('gates and watches', async () => {
  const engine = await twoModels();
  const refused = await fails('MGEO_E_REFUSED', () =>
    engine.swap({gate: {pairs: pairs(100), maxShift: -1, fullSpeed: true}}));
  const [check] = refused.receipt.checks;
  assert.equal(check.name, 'shift_max');
  assert.equal(check.passed, 0);
  assert.ok(check.measured > 0 && check.limit === 0);
  assert.equal(engine.rollout().liveGeneration, 1);
  const receipt = await engine.swap({
    gate: {pairs: pairs(100), maxShift: 1, fullSpeed: true},
    watch: {windowCalls: 1, minCalls: 1, maxErrorRate: 0.5},
  });
  assert.equal(receipt.toGeneration, 2);
  assert.equal(receipt.checks[0].passed, 1);
  await engine.score(pairs(1));
  while (engine.watch().state === 'running') {
    await pause(1);
  }
  assert.equal(engine.watch().state, 'passed');
  await fails('MGEO_E_REFUSED', () => engine.swap({expectGeneration: 99}));
  await fails('MGEO_E_ARGUMENT', () => engine.swap({gate: {pairs: pairs(2), gold: ['x']}}));
  await fails('MGEO_E_ARGUMENT', () => engine.swap({gate: {pairs: pairs(2), maxShifts: 1}}));
  await fails('MGEO_E_CANCELLED', () => engine.swap({gate: {pairs: pairs(2), maxShift: 1, signal: AbortSignal.abort()}}));
  await engine.close();
});

test('comparisons', async () => {
  const engine = await twoModels();
  const gold = Array(100).fill('exact_match');
  gold[3] = null;
  const report = await engine.compare({pairs: pairs(100), gold, fullSpeed: true}, 5);
  assert.equal(report.pairs, 100);
  assert.equal(report.labelled, 99);
  assert.equal(report.worst.length, 5);
  assert.equal(Math.abs(report.worst[0].standby - report.worst[0].live), report.shiftMax);
  assert.equal(report.flipMatrix.flat().reduce((sum, each) => sum + each), 100);
  assert.equal((await engine.compare({pairs: pairs(10), fullSpeed: true})).worst.length, 0);
  const two = pairs(2);
  for (const given of [two, {a: two.map(([a]) => a), b: two.map(([, b]) => b)}]) {
    assert.ok((await engine.compare({pairs: given, fullSpeed: true}, 2 ** 32 - 1)).worst.length <= 2);
  }
  await fails('MGEO_E_ARGUMENT', () => engine.compare({pairs: two}, -1));
  await fails('MGEO_E_ARGUMENT', () => engine.compare({pairs: pairs(1), gold: ['no such label']}));
  await engine.close();
});

test('canary and shadow', async () => {
  const engine = await twoModels();
  await engine.setCanary(constants.SHARE_ALL, {expectGeneration: 2});
  assert.equal((await engine.score(pairs(1))).generation, 2);
  await engine.setCanary(5000);
  assert.equal(engine.rollout().canaryShare, 5000);
  const answered = await engine.score(pairs(1), {routeKey: 77n});
  for (const one of pairs(20)) {
    assert.equal((await engine.score([one], {routeKey: 77})).generation, answered.generation);
  }
  await engine.setCanary(0);
  await engine.setShadow(constants.SHARE_ALL, {worstPairs: 4, fullSpeed: true});
  await engine.score(pairs(20));
  while (engine.shadow().compared < 20) {
    await pause(1);
  }
  const worst = engine.shadowPair(0);
  assert.equal(Math.abs(worst.shift.standby - worst.shift.live), engine.shadow().shiftMax);
  assert.ok(worst.a.length > 3 && worst.b.length > 3);
  await fails('MGEO_E_ARGUMENT', () => engine.shadowPair(4));
  await engine.setShadow(0);
  await fails('MGEO_E_ARGUMENT', () => engine.setCanary(10001));
  await engine.close();
});

test('jobs', async () => {
  const engine = await twoModels();
  const some = pairs(10);
  const expected = await engine.score(some);
  const job = engine.job();
  await engine.swap();
  const scores = await job.score(some, {probabilities: true});
  assert.equal(scores.generation, 1);
  assert.deepEqual(scores.similarity, expected.similarity);
  assert.equal(job.info().version, 'live');
  await fails('MGEO_E_BUSY', () => engine.unload());
  await job.close();
  await job.close();
  await fails('MGEO_E_ARGUMENT', () => job.score(some));
  await fails('MGEO_E_ARGUMENT', () => job.info());
  await engine.unload();
  await fails('MGEO_E_NO_MODEL', () => engine.job({standby: true}));
  await engine.close();
});

test('the journal', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mgeo-node-'));
  const journal = path.join(folder, 'journal.jsonl');
  const engine = new Engine({journal, actor: 'nodetest'});
  await engine.load();
  await engine.load(other);
  const receipt = await engine.swap({reason: '第二个'});
  await fails('MGEO_E_BUSY', () => new Engine({journal}));
  const report = await Engine.verifyJournal(journal);
  assert.equal(report.lastHash, receipt.journalHash);
  assert.equal(report.lines, receipt.journalLine);
  await engine.close();
  const text = fs.readFileSync(journal, 'utf8');
  assert.ok(text.includes('第二个'));
  fs.writeFileSync(journal, text.replace('nodetest', 'somebody'));
  const invalid = await fails('MGEO_E_FORMAT', () => Engine.verifyJournal(journal));
  assert.ok(invalid.report.badLine > 0);
  await fails('MGEO_E_IO', () => Engine.verifyJournal(path.join(folder, 'none')));
  fs.rmSync(folder, {recursive: true});
});

test('queries', async () => {
  const engine = await twoModels();
  await engine.score(pairs(7));
  assert.equal(engine.stats().pairs, 7);
  assert.equal(engine.stats('standby').pairs, 0);
  assert.equal(engine.stats().failedBy.length, 16);
  assert.match(engine.metrics(), /# EOF\n$/);
  assert.match(engine.metrics('prometheus'), /mgeo_/);
  assert.equal(engine.info('standby').path, other);
  assert.equal(engine.unusedTensors().length, engine.info().unusedTensors);
  assert.deepEqual(engine.unusedFields().map(({harmless}) => harmless), Array(engine.info().unusedFields).fill(true));
  const memory = await Engine.predictMemory(null, {precision: 'int8'});
  assert.ok(memory.fits && memory.total > 0);
  assert.equal(memory.precision, 'int8');
  assert.match(Engine.version, /^\d+\.\d+\.\d+$/);
  await engine.close();
  const empty = new Engine();
  assert.equal(empty.rollout().liveSlot, null);
  await empty.close();
});
