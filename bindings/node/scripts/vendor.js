// SPDX-License-Identifier: Apache-2.0
// Copies what the package shares with Java's binding into it for `npm pack`, and removes the copies again.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);
const copies = path.join(root, 'native', 'common');

fs.rmSync(copies, {recursive: true, force: true});
if (process.argv[2] !== '--remove') {
  fs.mkdirSync(copies);
  for (const name of ['calls.h', 'texts.c', 'texts.h']) {
    fs.copyFileSync(path.join(root, '..', 'common', name), path.join(copies, name));
  }
}
