import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env.TZ = 'Europe/Stockholm';
const { load } = await import('../modules.mjs');
const { clock, date, duration, fromInput, moment, parseDuration, shortDuration, ticks, tickStep, toInput, zoneName } = await load('time.ts');
const NOON = Date.UTC(2026, 11, 1, 12, 3, 7),
  HOUR = 3_600_000;

test('durations have two units at most', () => {
  const cases = {
    0: '0 s',
    [-5]: '0 s',
    999: '0 s',
    59_999: '59 s',
    60_000: '1 min',
    [HOUR]: '1 h',
    [HOUR + 20 * 60_000]: '1 h 20 min',
    [75 * HOUR]: '3 d 3 h',
    [24 * HOUR]: '1 d',
    [200 * 24 * HOUR]: '200 d',
  };
  for (const [milliseconds, text] of Object.entries(cases)) assert.equal(duration(Number(milliseconds)), text);
  assert.equal(shortDuration(0.012), '12 ms');
  assert.equal(shortDuration(1.44), '1.4 s');
});

test('durations are read as people write them', () => {
  const cases = { '90m': 5400, '1h 30min': 5400, '1h30m': 5400, ' 2 d ': 172_800, '1.5h': 5400, '7d': 604_800, '30min': 1800, '1w': 604_800 };
  for (const [text, seconds] of Object.entries(cases)) assert.equal(parseDuration(text), seconds, text);
  for (const wrong of ['', 'h', '5', '5 parsecs', '-1h', '1h foo', '0s', 'constructor', '1constructor', '1e9h'])
    assert.equal(parseDuration(wrong), null, wrong);
});

test('times are shown in the zone that was asked for', () => {
  assert.equal(clock(NOON, 'UTC'), '12:03:07');
  assert.equal(clock(NOON, undefined), '13:03:07');
  assert.equal(date(NOON + 11.5 * HOUR, 'UTC'), '2026-12-01');
  assert.equal(date(NOON + 11.5 * HOUR, undefined), '2026-12-02');
  assert.equal(clock(Date.UTC(2026, 11, 1), 'UTC'), '00:00:00');
});

test('the date is left out on its day', () => {
  assert.equal(moment(NOON, 'UTC', NOON + HOUR), '12:03:07');
  assert.equal(moment(NOON, 'UTC', NOON + 12 * HOUR), '2026-12-01 12:03:07');
});

test('zones are named with their distance', () => {
  assert.equal(zoneName('UTC', NOON), 'UTC');
  assert.equal(zoneName(undefined, NOON), 'Europe/Stockholm (UTC+1)');
  assert.equal(zoneName(undefined, Date.UTC(2026, 6, 1)), 'Europe/Stockholm (UTC+2)');
});

test('inputs go both ways in both zones', () => {
  const minute = Date.UTC(2026, 11, 1, 12, 3);
  for (const zone of ['UTC', undefined]) assert.equal(fromInput(toInput(minute, zone), zone), minute);
  assert.equal(toInput(minute, undefined), '2026-12-01T13:03');
  for (const wrong of ['', 'now', '2026-13-40T99:99', '2026-12-01']) assert.equal(fromInput(wrong, 'UTC'), null, wrong);
});

test('an axis has marks at whole hours of its zone, and room between them', () => {
  const from = Date.UTC(2026, 11, 1, 0, 30),
    step = tickStep((24 * HOUR) / 1000, 70);
  assert.ok(step / ((24 * HOUR) / 1000) >= 70);
  assert.equal(step, 3 * HOUR);
  assert.deepEqual(
    ticks(from, from + 6 * HOUR, step, 'UTC').map((time) => clock(time, 'UTC')),
    ['03:00:00', '06:00:00'],
  );
  assert.deepEqual(
    ticks(from, from + 6 * HOUR, step, undefined).map((time) => clock(time, undefined)),
    ['03:00:00', '06:00:00'],
  );
});
