// SPDX-License-Identifier: Apache-2.0
// Builds the addon with the C compiler, for the Node.js that runs this and the libmgeo that pkg-config finds.
//
// usage: build.js [OUT.node]     Environment: CC, CFLAGS, PKG_CONFIG_PATH, MGEO_NODE_HEADERS
//        build.js --headers      tells the folder of node_api.h
'use strict';

const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);

function fail(message) {
  console.error(`mgeo: ${message}`);
  process.exit(1);
}

function pkgConfig(...args) {
  try {
    return execFileSync('pkg-config', [...args, 'libmgeo'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
        .split(/\s+/).filter(Boolean);
  } catch {
    return fail('pkg-config does not find libmgeo: install it with its headers (and pkg-config), or put the folder of ' +
        'libmgeo.pc into PKG_CONFIG_PATH');
  }
}

/** The folder of node_api.h: beside the running program, or where Debian puts it. */
function headers() {
  const beside = path.join(path.dirname(path.dirname(fs.realpathSync(process.execPath))), 'include', 'node');
  const found = [process.env.MGEO_NODE_HEADERS, beside, '/usr/include/node', '/usr/include/nodejs/src']
      .find((folder) => folder && fs.existsSync(path.join(folder, 'node_api.h')));
  return found ?? fail(`no node_api.h in ${beside}: install Node.js's headers (Debian: libnode-dev), or name their ` +
      'folder by MGEO_NODE_HEADERS');
}

/** What Java's binding shares: in the source tree beside this package, in a packed one within it. */
function common() {
  return [path.join(root, 'native', 'common'), path.join(root, '..', 'common')]
      .find((folder) => fs.existsSync(path.join(folder, 'calls.h'))) ?? fail(`no calls.h below ${root}`);
}

function words(text) {
  return (text ?? '').split(/\s+/).filter(Boolean);
}

function build(out) {
  const shared = common();
  const sources = ['mgeo_node.c', 'owned.c', 'log.c', 'strings.c', 'candidates.c']
      .map((name) => path.join(root, 'native', name));
  const [libdir] = pkgConfig('--variable=libdir');
  const [cc, ...flags] = words(process.env.CC ?? 'cc');
  fs.mkdirSync(path.dirname(out), {recursive: true});
  try {
    execFileSync(cc, [...flags, '-std=c11', '-O2', '-fPIC', '-fvisibility=hidden', '-shared', '-pthread',
      ...words(process.env.CFLAGS), `-I${shared}`, `-I${headers()}`, ...pkgConfig('--cflags'), '-o', out, ...sources,
      path.join(shared, 'texts.c'), ...pkgConfig('--libs'), `-Wl,-rpath,${libdir}`], {stdio: 'inherit'});
  } catch (error) {
    fail(error.code === 'ENOENT' ? `no C compiler "${cc}": install one, or name it by CC` : 'the addon does not compile');
  }
}

if (Number(process.versions.node.split('.')[0]) < 18) {
  fail(`Node.js ${process.versions.node} is too old: 18 or newer is needed`);
}
if (process.argv[2] === '--headers') {
  console.log(headers());
} else {
  build(path.resolve(process.argv[2] ?? path.join(root, 'build', 'mgeo.node')));
}
