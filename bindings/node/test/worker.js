// SPDX-License-Identifier: Apache-2.0
// A worker thread of lifetime.test.js.
'use strict';

const {parentPort, workerData} = require('node:worker_threads');

const {Engine} = require('../lib/index.js');

(async () => {
  const engine = new Engine({log: () => {}});
  await engine.load(null, {threads: 1});
  const {similarity} = await engine.score(workerData.pairs);
  parentPort.postMessage(similarity);
  if (!workerData.leaves) {
    await engine.close();
    return;
  }
  engine.job();
  engine.score(workerData.pairs).catch(() => {});
  process.exit();
})();
