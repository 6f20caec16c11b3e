// SPDX-License-Identifier: Apache-2.0
// Closing while calls run, cancelling them, the event loop meanwhile, workers, and what is left to the collector.
'use strict';

const assert = require('node:assert/strict');
const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {monitorEventLoopDelay} = require('node:perf_hooks');
const {test} = require('node:test');
const {Worker} = require('node:worker_threads');

const {Engine} = require('../lib/index.js');
const {fails, pairs, pause, root} = require('./support.js');

async function loaded(options, model = null) {
  const engine = new Engine(options);
  await engine.load(model, {threads: 1});
  return engine;
}

test('a closed engine', async () => {
  const engine = await loaded();
  const job = engine.job();
  await engine.close();
  await engine.close();
  assert.match((await fails('MGEO_E_ARGUMENT', () => engine.score(pairs(1)))).message, /closed/);
  await fails('MGEO_E_ARGUMENT', () => engine.rollout());
  await fails('MGEO_E_ARGUMENT', () => job.score(pairs(1)));
  await job.close();
});

test('closing waits for calls', async () => {
  const engine = await loaded();
  const job = engine.job();
  const calls = Array.from({length: 6}, (_, i) => (i % 2 ? job : engine).score(pairs(200)));
  const closed = engine.close();
  for (const scores of await Promise.all(calls)) {
    assert.equal(scores.badRows, 0);
  }
  await closed;
});

test('using', {skip: Symbol.asyncDispose === undefined}, async () => {
  const engine = await loaded();
  const job = engine.job();
  job[Symbol.dispose]();
  await fails('MGEO_E_ARGUMENT', () => job.score(pairs(1)));
  await engine[Symbol.asyncDispose]();
  await fails('MGEO_E_ARGUMENT', () => engine.score(pairs(1)));
});

test('a signal cancels', async () => {
  const engine = await loaded();
  const controller = new AbortController();
  const reason = new Error('enough');
  const seen = [];
  const call = fails('MGEO_E_CANCELLED', () => engine.score(pairs(100_000), {
    signal: controller.signal,
    onProgress(progress) {
      seen.push(progress);
      if (progress.done > 0) {
        controller.abort(reason);
      }
    },
  }));
  const failure = await call;
  assert.equal(failure.cause, reason);
  assert.ok(seen.some(({stage, total}) => stage === 'scoring' && total === 100_000));
  assert.ok(engine.stats().pairs < 100_000);
  await fails('MGEO_E_CANCELLED', () => engine.score(pairs(1), {signal: controller.signal}));
  await fails('MGEO_E_CANCELLED', () => engine.load(null, {signal: AbortSignal.abort()}));
  await fails('MGEO_E_ARGUMENT', () => engine.score(pairs(1), {signal: 'now'}));
  await engine.score(pairs(1), {signal: new AbortController().signal});
  await engine.close();
});

test('the event loop turns while scores are made', async () => {
  const engine = await loaded({}, path.join(root, 'tests', 'golden', 'models', 'two_labels'));
  const many = pairs(50_000);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const delays = monitorEventLoopDelay({resolution: 1});
  delays.enable();
  await engine.score(many);
  delays.disable();
  clearInterval(timer);
  console.log(`event loop delay: mean ${(delays.mean / 1e6).toFixed(2)} ms, max ${(delays.max / 1e6).toFixed(2)} ms`);
  assert.ok(turns > 3, `${turns} turns`);
  await engine.close();
});

test('the log', async () => {
  const lines = [];
  const engine = await loaded({log: (level, line) => lines.push([level, line])});
  await fails('MGEO_E_IO', () => engine.load('没有'));
  await engine.load();
  await engine.swap({watch: {windowCalls: 1, minCalls: 1, maxNotFiniteRate: 0.5}});
  await engine.score(pairs(5));
  while (engine.watch().state === 'running') {
    await pause(1);
  }
  await engine.close();
  while (lines.length === 0) {
    await pause(1);
  }
  assert.ok(lines.every(([level]) => level === 'info' || level === 'warning'));
  await fails('MGEO_E_ARGUMENT', () => new Engine({log: 'console'}));
});

test('workers, each with an engine of its own', async () => {
  const expected = await loaded();
  const {similarity} = await expected.score(pairs(25));
  await expected.close();
  const threads = () => fs.readdirSync('/proc/self/task').length;
  const before = threads();
  // The second kind ends with its engine open, a job begun and a call under way.
  for (const leaves of [false, true]) {
    await Promise.all(Array.from({length: 3}, () => new Promise((resolve, reject) => {
      const worker = new Worker(path.join(__dirname, 'worker.js'), {workerData: {leaves, pairs: pairs(25)}});
      let answer;
      worker.on('message', (message) => {
        answer = message;
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve(answer));
    }).then((answer) => assert.deepEqual(answer, similarity))));
  }
  // Neither leaves threads of the library behind.
  while (threads() > before) {
    await pause(1);
  }
});

function runs(code, ...flags) {
  return execFileSync(process.execPath, [...flags, '-e', code], {cwd: __dirname, encoding: 'utf8'});
}

test('an engine that is forgotten is freed', () => {
  const out = runs(`
    const fs = require('node:fs');
    const threads = () => fs.readdirSync('/proc/self/task').length;
    const {Engine} = require('../lib/index.js');
    (async () => {
      await (async () => new Engine().load(null, {threads: 4}))();
      const most = threads();
      while (threads() > most - 3) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      console.log('freed');
    })();`, '--expose-gc');
  assert.equal(out, 'freed\n');
});

test('a process may exit while a call runs, and ends without closing', () => {
  const begin = `
    const {pairs} = require('./support.js');
    const {Engine} = require('../lib/index.js');
    const engine = new Engine({log: () => {}});
    engine.load().then(async () => {
      engine.job();`;
  assert.equal(runs(`${begin}
      engine.score(pairs(200_000)).catch(() => {});
      while (engine.stats().callsInFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      console.log('exits');
      process.exit(0);
    });`), 'exits\n');
  assert.equal(runs(`${begin} console.log('ends'); });`), 'ends\n');
});
