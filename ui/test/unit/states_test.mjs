import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from '../modules.mjs';

const { STATES, signAt, toneAt } = await load('states.ts');

test('the order of the states is that of the server', (t) => {
  const header = readFileSync(new URL('../../../src/domain/service.h', import.meta.url), 'utf8');
  const rows = [...header.matchAll(/StateRow\{\w+, "(\w+)", '\w', (\d+)\}/g)].sort((a, b) => a[2] - b[2]);
  if (!rows.length) return t.skip('the server has no such table yet');
  assert.deepEqual(
    STATES,
    rows.map((row) => row[1]),
  );
});

test('states of one colour have different signs, but those that are under way', () => {
  const seen = STATES.map((_, rank) => `${toneAt(rank)} ${signAt(rank)}`).filter((one) => !one.startsWith('pending'));
  assert.equal(new Set(seen).size, seen.length);
});
