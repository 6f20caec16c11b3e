// SPDX-License-Identifier: Apache-2.0
// Matching: normal forms, an index that is changed and searched at once, clusters, and their errors.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test} = require('node:test');

const {Index, candidateFlags, cluster, normalForm} = require('../lib/index.js');
const {fails} = require('./support.js');

const RECORDS = 300;
const nanjing = '南京市鼓楼区新模范马路5号';
const places = Array.from({length: RECORDS}, (_, i) =>
  i === 0 ? ['nanjing', nanjing] : [String(i), `杭州市西湖区文三路${i}号`]);

async function filled() {
  const index = new Index({threads: 1});
  await index.put(places);
  return index;
}

/** A file of the test's own, removed at its end. */
function file(context) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mgeo-node-'));
  context.after(() => fs.rmSync(folder, {recursive: true}));
  return path.join(folder, 'places.index');
}

test('ways of writing share a form', async () => {
  assert.equal(normalForm('杭州市西湖区文三路90号'), normalForm('杭州西湖区文三路９０号'));
  assert.notEqual(normalForm('杭州市西湖区文三路90号'), normalForm(nanjing));
  assert.equal(normalForm(''), '');
  await fails('MGEO_E_ARGUMENT', () => normalForm('\ud800'));
  await fails('MGEO_E_ARGUMENT', () => normalForm(5));
});

test('the right one is found', async () => {
  const index = await filled();
  const found = await index.search(nanjing, {top: 2});
  const {score, ...best} = found[0];
  assert.deepEqual(best, {id: 'nanjing', text: nanjing, row: 0,
    flags: candidateFlags.same_text + candidateFlags.same_form});
  assert.ok(score > 0.99);
  const lists = await index.search([nanjing, '', '\ud800', '杭州西湖区文三路７号', nanjing], {top: 2});
  assert.deepEqual([lists[0], lists[1], lists[2], lists[4]], [found, [], [], found]);
  assert.deepEqual([lists[3][0].id, lists[3][0].flags], ['7', candidateFlags.same_form]);
  assert.deepEqual(await index.search([]), []);
  await fails('MGEO_E_ARGUMENT', () => index.search(nanjing, {top: 1001}));
  await fails('MGEO_E_ARGUMENT', () => index.search(nanjing, {most: 3}));
  await fails('MGEO_E_ARGUMENT', () => index.search([nanjing, 5]));
  await fails('MGEO_E_ARGUMENT', () => index.search(5));
  await fails('MGEO_E_CANCELLED', () => index.search(nanjing, {signal: AbortSignal.abort()}));
  await index.close();
});

test('rows find each pair once', async () => {
  const index = new Index();
  await index.put({a: ['a', 'b', 'c'], b: ['杭州市西湖区文三路90号', '杭州西湖区文三路９０号', nanjing]});
  const found = await index.searchRows(0, 3, {later: true});
  assert.equal(found.generation, index.info().generation);
  assert.equal(found.candidates[0][0].id, 'b');
  assert.ok(found.candidates[1].every(({id}) => id !== 'a'));
  assert.deepEqual(await index.searchRows(0, 3, {later: true, generation: found.generation}), found);
  await fails('MGEO_E_REFUSED', () => index.searchRows(0, 3, {generation: 99}));
  await fails('MGEO_E_ARGUMENT', () => index.searchRows(0, 4));
  await fails('MGEO_E_ARGUMENT', () => index.searchRows(-1, 1));
  await index.close();
});

test('changes are all or nothing', async () => {
  const index = await filled();
  await index.put([['nanjing', '天津市和平区南京路219号']]);
  assert.equal((await index.search('天津市和平区南京路219号'))[0].id, 'nanjing');
  assert.deepEqual([index.info().records, index.info().removed], [RECORDS, 1]);
  assert.equal(await index.remove(['nanjing', 'nobody']), 1);
  await index.compact();
  assert.deepEqual([index.info().records, index.info().removed], [RECORDS - 1, 0]);
  const wrong = await fails('MGEO_E_ARGUMENT', () => index.put([['x', 'y'], ['', 'y']]));
  assert.match(wrong.message, /records\[1\]\.id/);
  await fails('MGEO_E_ARGUMENT', () => index.put([['x', null]]));
  await fails('MGEO_E_ARGUMENT', () => index.put(places, {threads: 3}));
  await fails('MGEO_E_ARGUMENT', () => index.remove('nanjing'));
  assert.equal(index.info().records, RECORDS - 1);
  await fails('MGEO_E_MEMORY', () => new Index({memoryLimit: 1}).put(places));
  await fails('MGEO_E_ARGUMENT', () => new Index({signal: AbortSignal.abort()}));
  await index.close();
});

test('a cancelled change leaves all as it was, and no other is cancelled', async () => {
  const index = await filled();
  const controller = new AbortController();
  const cancelled = fails('MGEO_E_CANCELLED', () => index.put([['x', 'y']], {signal: controller.signal}));
  const put = index.put([['z', 'y']]);
  controller.abort();
  await cancelled;
  await put;
  assert.equal(index.info().records, RECORDS + 1);
  await index.close();
});

test('files are saved, opened, swapped and put back', async (context) => {
  const name = file(context);
  const index = await filled();
  await index.save(name);
  const opened = await Index.open(name);
  assert.deepEqual(await opened.search(nanjing, {top: 1}), await index.search(nanjing, {top: 1}));
  assert.equal(opened.info().path, name);
  await opened.close();
  await fails('MGEO_E_REFUSED', () => index.rollBack());
  await index.remove(['nanjing']);
  await index.swap(name);
  assert.deepEqual([index.info().records, index.info().previousRecords], [RECORDS, RECORDS - 1]);
  await index.rollBack();
  assert.equal(index.info().records, RECORDS - 1);
  await index.close();
});

test('a damaged file is told', async (context) => {
  const name = file(context);
  const index = await filled();
  await index.save(name);
  fs.truncateSync(name, Math.floor(fs.statSync(name).size / 2));
  const damaged = await fails('MGEO_E_FORMAT', () => Index.open(name));
  assert.ok(damaged.message.includes(name), damaged.message);
  await fails('MGEO_E_FORMAT', () => index.swap(name));
  await fails('MGEO_E_IO', () => Index.open(`${name}.nothing`));
  await fails('MGEO_E_ARGUMENT', () => Index.open(undefined));
  assert.equal(index.info().records, RECORDS);
  await index.close();
});

test('searches run while it changes', async () => {
  const index = await filled();
  const searches = Array.from({length: 4}, async () => {
    for (let i = 0; i < 20; i++) {
      assert.equal((await index.search(nanjing))[0].id, 'nanjing');
    }
  });
  const puts = Array.from({length: 20}, (_, i) => index.put([[`new${i}`, `上海市浦东新区世纪大道${i}号`]]));
  await Promise.all([...searches, ...puts]);
  assert.equal(index.info().records, RECORDS + 20);
  await index.close();
});

test('a closed index', async () => {
  const index = await filled();
  const running = [index.search(nanjing), index.put([['x', 'y']]), index.put([['z', 'y']])];
  const closed = index.close();
  await index.close();
  await closed;
  assert.equal((await Promise.all(running))[0][0].text, nanjing);
  assert.match((await fails('MGEO_E_ARGUMENT', () => index.search(nanjing))).message, /closed/);
  await fails('MGEO_E_ARGUMENT', () => index.info());
  await fails('MGEO_E_ARGUMENT', () => index.put(places));
  await fails('MGEO_E_ARGUMENT', () => index.remove(['a']));
  await fails('MGEO_E_ARGUMENT', () => index.rollBack());
});

test('links make clusters', async () => {
  const links = [{a: 0, b: 1, score: 0.9}, {a: 1, b: 2, score: 0.8}, {a: 2, b: 3, score: 0.1}];
  const rows = await cluster(links, 4, {threshold: 0.5});
  assert.deepEqual(rows.map((row) => [row.cluster, row.size]), [[0, 3], [0, 3], [0, 3], [3, 1]]);
  assert.equal(rows[0].representative, 1);
  assert.equal(rows[0].weakest, Math.fround(0.8));
  assert.ok(Number.isNaN(rows[3].link));
  const guarded = {threshold: 0.5, source: [0, 1, 0, 1], oneToOne: true};
  assert.equal((await cluster(links, 4, guarded))[2].size, 1);
  assert.deepEqual(await cluster([], 0), []);
  await fails('MGEO_E_ARGUMENT', () => cluster(links, 5, guarded));
  await fails('MGEO_E_ARGUMENT', () => cluster(links, 3));
  await fails('MGEO_E_ARGUMENT', () => cluster(links, 4, {...guarded, cut: 'none'}));
  await fails('MGEO_E_ARGUMENT', () => cluster([{a: -1, b: 0, score: 1}], 4));
  await fails('MGEO_E_ARGUMENT', () => cluster([[0, 1, 1]], 4));
});
