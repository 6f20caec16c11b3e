// SPDX-License-Identifier: Apache-2.0
// A call of score: typed arrays out, filled where they lie.
'use strict';

const {calls, constants, enums, reports, scores: layout} = require('../generated/layouts.js');
const {argument} = require('./error.js');
const {sizeOf, wide, wideNumber} = require('./struct.js');

const known = ['probabilities', 'logits', 'routeKey', 'signal', 'onProgress'];
const labelCountAt = reports.ModelInfo.fields.find(([name]) => name === 'labelCount')[2];

function check(options) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw argument(`no option ${name}; there are ${known.join(', ')}`);
    }
  }
  return options;
}

/** Labels of the widest model that may answer: so many floats a row. */
function widest(memory, queries) {
  const info = memory.versioned(sizeOf('ModelInfo'));
  let count = 1;
  for (const [call, ...args] of queries) {
    try {
      memory.call(call, ...args, info.address);
      count = Math.max(count, info.view.getUint32(labelCountAt, true));
    } catch (error) {
      if (error.status !== enums.status.MGEO_E_NO_MODEL) {
        throw error;
      }
    }
  }
  return count;
}

/** Rows of `stride` floats become rows of `count`; no copy where they are that already. */
function rows(floats, stride, count) {
  if (floats === undefined || stride === count) {
    return floats;
  }
  const size = floats.length / stride;
  for (let i = 1; i < size; i++) {
    floats.copyWithin(i * count, i * stride, i * stride + count);
  }
  return floats.subarray(0, size * count);
}

/** The caller's arrays and the struct that points to them. */
function makeScores(memory, count, stride, options, progress) {
  const made = {
    similarity: new Float32Array(count),
    label: new Int32Array(count),
    flags: new Uint32Array(count),
    probabilities: options.probabilities ? new Float32Array(count * stride) : undefined,
    logits: options.logits ? new Float32Array(count * stride) : undefined,
  };
  const struct = memory.versioned(layout.size);
  for (const [name, array] of Object.entries(made)) {
    if (array !== undefined) {
      // An array of no rows has no address, and similarity needs one.
      const address = count > 0 ? memory.keep(array.buffer) : memory.bytes(8).address;
      struct.view.setBigUint64(layout[name], address, true);
    }
  }
  struct.view.setBigUint64(layout.probabilityStride, BigInt(stride), true);
  struct.view.setBigUint64(layout.progress, progress, true);
  struct.view.setBigUint64(layout.routeKey, wide('routeKey', options.routeKey ?? 0), true);
  return {made, struct};
}

/** Scores on `target`: {call, address, queries} of an engine or of a job. */
async function score(memory, target, pairs, given) {
  const options = check(given ?? {});
  const progress = memory.watch(options.signal, options.onProgress);
  const {address, count} = await memory.pairsInSlices(pairs);
  memory.throwIfAborted();
  const isWide = options.probabilities || options.logits;
  for (let stride = isWide ? widest(memory, target.queries) : 1; ; stride = constants.MAX_LABELS) {
    const {made, struct} = makeScores(memory, count, stride, options, progress);
    try {
      await memory.callOnPool(target.call, target.address, address, count, struct.address);
    } catch (error) {
      // A wider model came meanwhile.
      if (error.status === enums.status.MGEO_E_CAPACITY && stride < constants.MAX_LABELS) {
        continue;
      }
      throw error;
    }
    const labelCount = struct.view.getUint32(layout.labelCount, true);
    return {
      ...made,
      probabilities: rows(made.probabilities, stride, labelCount),
      logits: rows(made.logits, stride, labelCount),
      labelCount,
      generation: wideNumber(struct.view, layout.generation),
      tokens: wideNumber(struct.view, layout.tokens),
      badRows: struct.view.getUint32(layout.badRows, true),
    };
  }
}

const ofEngine = (address) => ({
  call: calls.score,
  address,
  queries: [[calls.get_info, address, enums.slot.live], [calls.get_info, address, enums.slot.standby]],
});

const ofJob = (address) => ({call: calls.job_score, address, queries: [[calls.job_get_info, address]]});

module.exports = {ofEngine, ofJob, score};
