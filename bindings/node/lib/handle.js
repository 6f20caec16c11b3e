// SPDX-License-Identifier: Apache-2.0
// Who uses an engine or a job: calls enter and leave, and closing waits until the last has left.
'use strict';

const {argument} = require('./error.js');
const {Memory} = require('./memory.js');
const native = require('./native.js');

class Handle {
  #what;
  #inFlight = 0;
  #idle = null;
  #closing = null;

  constructor(what) {
    this.#what = what;
  }

  #enter() {
    if (this.#closing !== null) {
      throw argument(`the ${this.#what} is closed; make another one`);
    }
    this.#inFlight++;
  }

  #leave() {
    if (--this.#inFlight === 0 && this.#idle !== null) {
      this.#idle();
    }
  }

  /** A call that takes no time. */
  here(body) {
    this.#enter();
    const memory = new Memory();
    try {
      return body(memory);
    } finally {
      memory.end();
      this.#leave();
    }
  }

  /** A call that is over when its promise is settled. */
  async run(body) {
    this.#enter();
    const memory = new Memory();
    try {
      return await body(memory);
    } finally {
      memory.end();
      this.#leave();
    }
  }

  /** Nothing enters from now on; once nothing is in, `finish` frees what this stands for. */
  close(finish) {
    this.#closing ??= this.#close(finish);
    return this.#closing;
  }

  async #close(finish) {
    if (this.#inFlight > 0) {
      await new Promise((resolve) => {
        this.#idle = resolve;
      });
    }
    await finish();
  }
}

/** The native engine and what ends with it, apart from the object that a program sees. */
class EngineHandle extends Handle {
  #log;
  #jobs = new Set();

  constructor(address, log) {
    super('engine');
    this.address = address;
    this.#log = log;
  }

  addJob(job) {
    native.adoptJob(job);
    this.#jobs.add(job);
  }

  /** Ends a job that is still there. */
  async endJob(job) {
    if (this.#jobs.delete(job)) {
      await native.freeOwned(job);
    }
  }

  /** Ends jobs that are left, then frees the engine. */
  end() {
    return this.close(async () => {
      for (const job of [...this.#jobs]) {
        await this.endJob(job);
      }
      await native.freeOwned(this.address);
      if (this.#log !== undefined) {
        native.freeLog(this.#log);
      }
    });
  }
}

/** `using` and `await using`, where this Node.js knows their symbols. */
function makeDisposable(type) {
  if (Symbol.dispose) {
    type.prototype[Symbol.dispose] = function() {
      void this.close();
    };
  }
  if (Symbol.asyncDispose) {
    type.prototype[Symbol.asyncDispose] = function() {
      return this.close();
    };
  }
}

module.exports = {EngineHandle, Handle, Memory, makeDisposable};
