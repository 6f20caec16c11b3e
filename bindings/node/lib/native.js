// SPDX-License-Identifier: Apache-2.0
// Loads the addon that scripts/build.js has made.
'use strict';

const path = require('node:path');

const file = process.env.MGEO_NODE_ADDON ?? path.join(__dirname, '..', 'build', 'mgeo.node');

try {
  module.exports = require(path.resolve(file));
} catch (error) {
  const reason = String(error.message).split('\n')[0];
  throw new Error(`mgeo: cannot load ${file}: ${reason}; run "npm install" in ${path.dirname(__dirname)}, ` +
      'and see that libmgeo.so.0 is where it was then', {cause: error});
}
