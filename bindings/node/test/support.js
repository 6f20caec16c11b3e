// SPDX-License-Identifier: Apache-2.0
// What the tests share.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const {Engine, MgeoError} = require('../lib/index.js');

const models = process.env.MGEO_MODELS;
const root = path.dirname(models);
const other = path.join(root, 'tests', 'golden', 'models', 'mgeo');
const lines = fs.readFileSync(path.join(root, 'examples', 'data', 'pairs.tsv'), 'utf8').trimEnd().split('\n').slice(1)
    .map((line) => line.split('\t'));

/** So many pairs of addresses, made of those of the examples. */
function pairs(count) {
  return Array.from({length: count}, (_, i) =>
    [lines[i % lines.length][0], lines[(i + Math.floor(i / lines.length)) % lines.length][1]]);
}

/** What must fail with this code, its message one line; the error. */
async function fails(code, body) {
  let failure;
  try {
    await body();
  } catch (error) {
    failure = error;
  }
  assert.ok(failure instanceof MgeoError, `expected ${code}, found ${failure}`);
  assert.equal(failure.code, code, failure.message);
  assert.match(failure.message, /^[^\n]+$/);
  assert.ok(failure.status > 0);
  return failure;
}

/** An engine with the bundled model live and another one on standby. */
async function twoModels() {
  const engine = new Engine();
  await engine.load(null, {threads: 2, version: 'live'});
  await engine.load(other, {threads: 2, version: 'standby'});
  return engine;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

module.exports = {fails, other, pairs, pause, root, twoModels};
