import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../modules.mjs';

const { filterFleet, fleetOf, patchFleet, shownRank } = await load('fleet.ts');
const { matcher } = await load('names.ts');
const { rankOf, STATES, word } = await load('states.ts');
const overview = () => ({
  sequence: 3,
  at: '2026-12-01T12:00:00.000Z',
  letters: { r: 'RUNNING', s: 'STOPPED', u: 'UNKNOWN' },
  names: ['dc1', 'sql1', 'SQL2', 'web1'],
  worst: 'rsus',
  services: [2, 8, 8, 3],
  running: [2, 7, 0, 2],
  troubled: [0, 1, 0, 0],
  unreached: [2],
});
const found = (fleet, wanted) => filterFleet(fleet, { matches: () => true, rank: null, what: 'any', ...wanted }).map((at) => fleet.names[at]);

test('hosts are found by name, state and trouble', () => {
  const fleet = fleetOf(overview());
  assert.deepEqual(found(fleet, { matches: matcher('sql*') }), ['sql1', 'SQL2']);
  assert.deepEqual(found(fleet, { what: 'trouble' }), ['sql1', 'SQL2']);
  assert.deepEqual(found(fleet, { what: 'unreached' }), ['SQL2']);
  assert.deepEqual(found(fleet, { rank: rankOf('STOPPED') }), ['sql1', 'web1']);
});

test('a service that is expected to be stopped is no trouble of its host', () => {
  assert.equal(shownRank(fleetOf(overview()), 3), rankOf('RUNNING'));
});

test('a change is written into its host whatever the case of its name', () => {
  const fleet = fleetOf(overview());
  assert.ok(patchFleet(fleet, [{ what: 'host', host: 'sql2', worst: 'r', services: 8, running: 8, troubled: 0, reached: true }, { what: 'alert' }]));
  assert.deepEqual(found(fleet, { what: 'trouble' }), ['sql1']);
});

test('a host that is not known asks for the columns again', () => {
  assert.ok(!patchFleet(fleetOf(overview()), [{ what: 'host', host: 'new', worst: 'r', services: 1, running: 1, troubled: 0, reached: true }]));
});

test('a state of a later version is unknown', () => {
  assert.equal(rankOf('HIBERNATING'), rankOf('UNKNOWN'));
  assert.equal(new Set(STATES.map(word)).size, STATES.length);
});
