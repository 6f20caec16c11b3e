// SPDX-License-Identifier: Apache-2.0
// The one class of errors.
'use strict';

const {enums} = require('../generated/layouts.js');

const names = Object.fromEntries(Object.entries(enums.status).map(([name, value]) => [value, name]));

/** A call that failed: `code` is 'MGEO_E_IO', say, and `status` its number. */
class MgeoError extends Error {
  constructor(status, message, options) {
    super(message, options);
    this.name = 'MgeoError';
    this.status = status;
    this.code = names[status] ?? 'MGEO_E_INTERNAL';
  }
}

function argument(message) {
  return new MgeoError(enums.status.MGEO_E_ARGUMENT, message);
}

module.exports = {MgeoError, argument};
