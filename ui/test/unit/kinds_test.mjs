import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the filter of the history knows the kinds of docs/kinds.md', () => {
  const page = readFileSync(new URL('../../../docs/kinds.md', import.meta.url), 'utf8'),
    source = readFileSync(new URL('../../src/pages/history.tsx', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1]);
  const known = [.../const KINDS = \[([^\]]*)\]/.exec(source)[1].matchAll(/'(\w+)'/g)].map((one) => one[1]);
  assert.deepEqual([...known].sort(), [...documented].sort());
});
