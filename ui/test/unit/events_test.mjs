import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../modules.mjs';

const { EventParser } = await load('sse.ts');
const STREAM = ': hello\nretry: 2000\n\nid: 7\ndata: {"a":1}\n\nevent: reset\ndata: {}\n\nid: 9\r\ndata: one\r\ndata:two\r\n\r\nid\rdata\r\r';
const EVENTS = [
  { id: '7', event: 'message', data: '{"a":1}' },
  { id: '7', event: 'reset', data: '{}' },
  { id: '9', event: 'message', data: 'one\ntwo' },
  { id: '', event: 'message', data: '' },
];

test('events are read from one chunk', () => {
  const parser = new EventParser();
  assert.deepEqual([...parser.put(STREAM), ...parser.put('\n')], EVENTS);
  assert.equal(parser.retry, 2000);
});

test('chunks may end anywhere', () => {
  for (let size = 1; size < STREAM.length; size++) {
    const parser = new EventParser(),
      found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...parser.put(STREAM.slice(at, at + size)));
    assert.deepEqual([...found, ...parser.put('\n')], EVENTS, `chunks of ${size}`);
  }
});

test('half an event is none', () => {
  assert.deepEqual(new EventParser().put('id: 1\ndata: {"a"'), []);
  assert.deepEqual(new EventParser().put('id: 1\ndata: {}\n'), []);
});
