// Whether people of all kinds of sight can tell the states apart: CIEDE2000 (Sharma, Wu, Dalal 2005) between what they see
// (Machado, Oliveira, Fernandes 2009, severity 1.0).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../modules.mjs';

const { DARK, inkOn, LIGHT } = await load('palette.ts');
const LEAST = 17;
const SIGHTS = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const linear = (colour) =>
  [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
const luminance = (colour) => {
  const [r, g, b] = linear(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

function seen(colour, sight) {
  const own = linear(colour),
    [r, g, b] = SIGHTS[sight].map((row) => Math.min(1, Math.max(0, row[0] * own[0] + row[1] * own[1] + row[2] * own[2])));
  const f = (t) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047),
    y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b),
    z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function distance([l1, a1, b1], [l2, a2, b2]) {
  const radian = Math.PI / 180,
    pow7 = 25 ** 7,
    meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2,
    g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + pow7)));
  const [p1, p2] = [a1 * (1 + g), a2 * (1 + g)],
    [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)];
  const angle = (b, a) => (Math.atan2(b, a) / radian + 360) % 360,
    [h1, h2] = [angle(b1, p1), angle(b2, p2)],
    grey = c1 * c2 === 0;
  let turn = grey ? 0 : h2 - h1;
  if (turn > 180) turn -= 360;
  else if (turn < -180) turn += 360;
  const dL = l2 - l1,
    dC = c2 - c1,
    dH = 2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * radian),
    meanL = (l1 + l2) / 2,
    mean = (c1 + c2) / 2;
  const meanH = grey ? h1 + h2 : Math.abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2;
  const t =
    1 -
    0.17 * Math.cos((meanH - 30) * radian) +
    0.24 * Math.cos(2 * meanH * radian) +
    0.32 * Math.cos((3 * meanH + 6) * radian) -
    0.2 * Math.cos((4 * meanH - 63) * radian);
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2),
    sC = 1 + 0.045 * mean,
    sH = 1 + 0.015 * mean * t;
  const rT = -2 * Math.sqrt(mean ** 7 / (mean ** 7 + pow7)) * Math.sin(60 * Math.exp(-(((meanH - 275) / 25) ** 2)) * radian);
  return Math.sqrt((dL / sL) ** 2 + (dC / sC) ** 2 + (dH / sH) ** 2 + rT * (dC / sC) * (dH / sH));
}

test('the distance is that of the paper', () => {
  // Pairs 1, 7 and 25 of its table 1.
  for (const [one, other, expected] of [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, 0, 0], [50, -1, 2], 2.3669],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  ]) {
    assert.ok(Math.abs(distance(one, other) - expected) < 0.0001);
  }
});

for (const [theme, palette] of Object.entries({ light: LIGHT, dark: DARK })) {
  for (const sight of Object.keys(SIGHTS)) {
    test(`any two states stay apart: ${theme}, ${sight}`, () => {
      const tones = Object.keys(palette);
      for (const [at, one] of tones.entries())
        for (const other of tones.slice(at + 1)) {
          const far = distance(seen(palette[one], sight), seen(palette[other], sight));
          assert.ok(far >= LEAST, `${one} and ${other}: ${far.toFixed(1)}`);
        }
    });
  }
  test(`signs can be read on their colours: ${theme}`, () => {
    for (const [tone, colour] of Object.entries(palette)) assert.ok(contrast(colour, inkOn(colour)) >= 4.5, tone);
  });
}
