// SPDX-License-Identifier: Apache-2.0
// Node.js's turns against C: see ../java/turns.c. The last line tells how long the event loop was kept waiting
// in the last turn.
'use strict';

const fs = require('node:fs');
const {monitorEventLoopDelay} = require('node:perf_hooks');
const readline = require('node:readline');

const [, , binding, model, file] = process.argv;
const {Engine} = require(binding);

(async () => {
  const engine = new Engine();
  await engine.load(model);
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
  const pairs = {a: lines.map(([a]) => a), b: lines.map(([, b]) => b)};
  let delays;
  for await (const _ of readline.createInterface({input: process.stdin})) {
    const wall = process.hrtime.bigint();
    const busy = process.cpuUsage();
    delays = monitorEventLoopDelay({resolution: 1});
    delays.enable();
    await engine.score(pairs);
    delays.disable();
    const {user, system} = process.cpuUsage(busy);
    console.log(`${Number(process.hrtime.bigint() - wall) * 1e-9} ${(user + system) * 1e-6}`);
  }
  console.error(`event loop delay over its resolution of 1 ms: P50 ${delays.percentile(50) / 1e6 - 1} ms, ` +
      `P99 ${delays.percentile(99) / 1e6 - 1} ms, max ${delays.max / 1e6 - 1} ms`);
  await engine.close();
})();
