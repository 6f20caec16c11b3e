// SPDX-License-Identifier: Apache-2.0
// Jobs: one model for many calls, whatever is swapped meanwhile.
'use strict';

const {calls} = require('../generated/layouts.js');
const {argument} = require('./error.js');
const {Handle, makeDisposable} = require('./handle.js');
const {ofJob, score} = require('./scoring.js');
const {read, sizeOf, write} = require('./struct.js');

/** Runs a call that uses the address of a job, which must be one of this engine. */
let useJob;

class Job {
  #engine; // kept, so that it is not freed under the job
  #owner;
  #handle = new Handle('job');
  #address;

  /** Made by Engine.job. */
  constructor(engine, owner, options) {
    this.#engine = engine;
    this.#owner = owner;
    this.#address = owner.here((memory) => {
      const out = memory.bytes(8);
      memory.call(calls.job_begin, owner.address, write(memory, 'JobOptions', options), out.address);
      const address = out.view.getBigUint64(0, true);
      owner.addJob(address);
      return address;
    });
  }

  score(pairs, options) {
    return this.#handle.run(() => this.#owner.run(
        (memory) => score(memory, ofJob(this.#address), pairs, options)));
  }

  info() {
    return this.#handle.here(() => this.#owner.here((memory) => {
      const info = memory.versioned(sizeOf('ModelInfo'));
      memory.call(calls.job_get_info, this.#address, info.address);
      return read('ModelInfo', info.view);
    }));
  }

  static {
    useJob = (job, owner, body) => {
      if (!(job instanceof Job) || job.#owner !== owner) {
        throw argument('job is no job of this engine');
      }
      return job.#handle.run(() => body(job.#address));
    };
  }

  /** Ends the job once its calls have ended. */
  close() {
    return this.#handle.close(() => this.#owner.endJob(this.#address));
  }
}

makeDisposable(Job);

module.exports = {Job, useJob};
