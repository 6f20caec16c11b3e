// SPDX-License-Identifier: Apache-2.0
// Compiled by types.test.js: the types as a program uses them, and what they must refuse.
import mgeo = require('../lib/index');
import {Candidate, Engine, Index, Member, MgeoError, ModelInfo, Scores, SwapReceipt, candidateFlags, cluster, rowFlags} from '../lib/index';

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
  const index: Index = await Index.open('places.index', {threads: 2});
  await index.put([['1', 'a']], {onProgress: ({done}) => done});
  const best: Candidate[] = await index.search('a', {top: 1});
  const lists: Candidate[][] = await index.search(['a']);
  const rows: Member[] = await cluster([{a: 0, b: 1, score: 1}], 2, {cut: 'center', source: [1, 2]});
  console.log(best.length, lists.length, rows.length, candidateFlags.same_form);
  // @ts-expect-error: a change has no such option
  await index.put([['1', 'a']], {threads: 2});
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
