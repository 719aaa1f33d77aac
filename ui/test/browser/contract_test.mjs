// The mock is held to docs/openapi.yaml, so that what is tried against it also works with tocsin.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mockFor } from './browser.mjs';

test('every answer of the mock is one of the contract', async (t) => {
  const mock = await mockFor(t, { hosts: 60 });
  mock.tell(mock.model.set('sql1', 'Spooler', 'STOPPED'));
  const { stdout } = await promisify(execFile)('/usr/bin/python3', [fileURLToPath(new URL('../contract.py', import.meta.url)), mock.url]);
  t.diagnostic(stdout.trim());
  assert.match(stdout, /^\d+ answers/);
});
