import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../modules.mjs';

const { paintLine, segmentAt, timeByRank, trackOf } = await load('timeline.ts');
const { rankOf } = await load('states.ts');
const LETTERS = { R: 'RUNNING', S: 'STOPPED', P: 'PAUSED', U: 'UNKNOWN' };
const [R, S, P, U] = [...'RSPU'].map((letter) => rankOf(LETTERS[letter]));
const track = (start, states) => trackOf({ service: 'Spooler', start, states, thinned: false }, LETTERS);
const painted = (one, end, from, to, pixels) => {
  const line = new Int8Array(pixels);
  paintLine(one, end, { from, to, pixels }, line);
  return [...line];
};

test('distances become beginnings', () => {
  const one = track([1000, 5, 10], 'RSR');
  assert.deepEqual([...one.starts], [1000, 1005, 1015]);
  assert.deepEqual([...one.ranks], [R, S, R]);
});

test('columns of different lengths are cut to the shorter', () => {
  assert.equal(track([1, 2, 3], 'RS').starts.length, 2);
  assert.equal(track([1], 'RSR').ranks.length, 1);
});

test('a letter that is not known counts as unknown, and a blank as nothing', () => {
  assert.deepEqual([...track([0, 1, 1], 'Z R').ranks], [U, -1, R]);
});

test('a segment is found by time', () => {
  const one = track([10, 10, 10], 'RSR');
  assert.deepEqual(
    [9, 10, 19, 20, 30, 99].map((time) => segmentAt(one, time)),
    [-1, 0, 0, 1, 2, 2],
  );
});

test('a stop far shorter than a pixel keeps one', () => {
  const day = 86_400_000,
    one = track([0, day / 2, 1], 'RSR');
  const line = painted(one, day, 0, day, 100);
  assert.deepEqual(
    line.flatMap((rank, x) => (rank === S ? [x] : [])),
    [50],
  );
  assert.equal(line.filter((rank) => rank === R).length, 99);
});

test('the worst state of a pixel wins, whatever the order', () => {
  assert.deepEqual(painted(track([0, 1, 1, 1], 'SPUR'), 10, 0, 10, 1), [S]);
  assert.deepEqual(painted(track([0, 1, 1, 1], 'RUPS'), 10, 0, 10, 1), [S]);
  assert.deepEqual(painted(track([0, 1, 1], 'RUP'), 10, 0, 10, 1), [U]);
  assert.deepEqual(painted(track([0, 1, 1], 'RPR'), 10, 0, 10, 1), [P]);
});

test('nothing is painted before the first segment and after the end', () => {
  assert.deepEqual(painted(track([20], 'R'), 60, 0, 100, 10), [-1, -1, R, R, R, R, -1, -1, -1, -1]);
});

test('what lies outside the view has no pixel', () => {
  assert.deepEqual(painted(track([0, 10, 90], 'SRS'), 200, 20, 60, 4), [R, R, R, R]);
});

test('many segments in one pixel agree with a slow reading of them', () => {
  let seed = 5;
  const dice = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 4294967296;
  const start = Array.from({ length: 3000 }, (_, at) => (at ? 1 + Math.floor(dice() * 40) : 0)),
    states = start.map(() => 'RRRRSPU'[Math.floor(dice() * 7)]).join('');
  const one = track(start, states),
    end = one.starts.at(-1) + 50,
    pixels = 321,
    line = painted(one, end, 0, end, pixels);
  for (let x = 0; x < pixels; x++) {
    const from = (x * end) / pixels,
      to = ((x + 1) * end) / pixels;
    for (let at = 0; at < one.starts.length; at++) {
      const begin = one.starts[at];
      if (begin >= from && begin < to) assert.ok(line[x] >= one.ranks[at], `pixel ${x} loses segment ${at}`);
    }
  }
});

test('time is summed by rank within a span', () => {
  assert.deepEqual(
    [...timeByRank(track([0, 10, 10], 'RSR'), 100, 5, 50)],
    [
      [R, 35],
      [S, 10],
    ],
  );
});
