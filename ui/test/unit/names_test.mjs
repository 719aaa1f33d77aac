import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../modules.mjs';

const { compareNames, matcher, sameName, visible } = await load('names.ts');

test('what would be invisible is seen', () => {
  assert.equal(visible('ev\u202eexe.lqs\u202c'), 'ev⟨U+202E⟩exe.lqs⟨U+202C⟩');
  assert.equal(visible('a\u0007\u200b\ufeffb\n'), 'a⟨U+0007⟩⟨U+200B⟩⟨U+FEFF⟩b⟨U+000A⟩');
  assert.equal(visible('<img src=x onerror=alert(1)>'), '<img src=x onerror=alert(1)>');
  assert.equal(visible('Дом-雪-🔔 é'), 'Дом-雪-🔔 é');
});

test('names compare without regard to case', () => {
  assert.ok(sameName('SQL1', 'sql1'));
  assert.ok(!sameName('sql1', 'sql2'));
});

test('numbers in names are sorted by their values', () => {
  assert.deepEqual(['app10', 'App2', 'web1', 'app1'].sort(compareNames), ['app1', 'App2', 'app10', 'web1']);
});

test('a search is part of a name or a pattern', () => {
  assert.ok(matcher('QL')('sql1'));
  assert.ok(!matcher('sql*')('mysql1'));
  assert.ok(matcher('*sql?')('MySQL1'));
  assert.ok(matcher('')('anything'));
  assert.ok(matcher('a.c')('a.c') && !matcher('a.c')('abc'));
});

test('a hostile pattern takes no time', () => {
  const begin = performance.now();
  assert.ok(!matcher(`${'*a'.repeat(100)}b`)('a'.repeat(256)));
  assert.ok(performance.now() - begin < 200);
});
