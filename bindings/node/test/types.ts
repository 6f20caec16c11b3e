// SPDX-License-Identifier: Apache-2.0
// Compiled by types.test.js: the types as a program uses them, and what they must refuse.
import mgeo = require('../lib/index');
import {Engine, MgeoError, ModelInfo, Scores, SwapReceipt, rowFlags} from '../lib/index';

async function main(): Promise<void> {
  const engine = new Engine({log: (level, line) => level === 'warning' && line.length});
  const info: ModelInfo = await engine.load(null, {precision: 'int8', signal: new AbortController().signal});
  const scores: Scores = await engine.score([['a', 'b']], {routeKey: 7n, onProgress: ({stage}) => stage === 'scoring'});
  const similarity: Float32Array = scores.similarity;
  const bad: boolean = ((scores.flags[0] ?? 0) & rowFlags.empty) !== 0;
  const receipt: SwapReceipt = await engine.swap({gate: {pairs: {a: ['a'], b: ['b']}, maxShift: 0.1}});
  const job = engine.job({standby: true});
  engine[Symbol.dispose]();
  await job[Symbol.asyncDispose]();
  // @ts-expect-error: there is no such precision
  await engine.load(null, {precision: 'fp31'});
  // @ts-expect-error: there is no such option
  await engine.score([['a', 'b']], {probabilites: true});
  // @ts-expect-error: a pair has two texts
  await engine.score([['a']]);
  try {
    engine.info('standby');
  } catch (error) {
    if (error instanceof MgeoError && error.code === 'MGEO_E_NO_MODEL') {
      console.log(error.status, info.labels, similarity, bad, receipt.checks, mgeo.Engine.version);
    }
  }
}

void main();
