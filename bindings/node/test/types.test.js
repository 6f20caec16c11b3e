// SPDX-License-Identifier: Apache-2.0
// The types: each export and each method is declared, and where there is a compiler it says so too.
'use strict';

const assert = require('node:assert/strict');
const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');

const mgeo = require('../lib/index.js');

const declared = fs.readFileSync(path.join(__dirname, '..', 'lib', 'index.d.ts'), 'utf8');

test('every export is declared, and the other way about', async () => {
  const names = [...declared.matchAll(/^export (?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(mgeo).sort(), names.sort());
  const module = await import('../lib/index.mjs');
  assert.deepEqual(Object.keys(module).filter((name) => name !== 'default').sort(), names);
  assert.equal(module.Engine, mgeo.Engine);
});

test('every method is declared, and the other way about', () => {
  for (const type of [mgeo.Engine, mgeo.Index, mgeo.Job]) {
    const body = new RegExp(`^export class ${type.name} \\{\\n(.*?)^\\}`, 'ms').exec(declared)[1];
    const found = [...body.matchAll(/^ {2}(?:static )?(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name);
    const methods = [...Object.getOwnPropertyNames(type.prototype), ...Object.getOwnPropertyNames(type)]
        .filter((name) => !['length', 'name', 'prototype', 'constructor'].includes(name));
    assert.deepEqual([...new Set(found)].filter((name) => name !== 'constructor').sort(), methods.sort());
  }
});

test('a compiler finds the same', (context) => {
  const compiled = spawnSync('tsc', ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022',
    '--module', 'commonjs', '--lib', 'es2022,dom', '--typeRoots', 'none', path.join(__dirname, 'types.ts')],
  {encoding: 'utf8'});
  if (compiled.error?.code === 'ENOENT') {
    context.skip('no tsc');
    return;
  }
  assert.equal(compiled.stdout, '');
  assert.equal(compiled.status, 0);
});
