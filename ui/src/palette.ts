// Colours of the states. They were searched for, so that any two stay apart also for people who see no red, green or blue:
// test/unit/palette_test.mjs keeps CIEDE2000 at 17 and more. app.css takes them from here by build.mjs.
import type { Tone } from './states';

export const LIGHT: Readonly<Record<Tone, string>> = {
  running: '#b6e3d0',
  stopped: '#d6200f',
  paused: '#f2c500',
  pending: '#2a4f9e',
  missing: '#3c1418',
  denied: '#d05ce0',
  unknown: '#77797c',
};
export const DARK: Readonly<Record<Tone, string>> = {
  running: '#293b3d',
  stopped: '#fa3f0a',
  paused: '#fff066',
  pending: '#5caffa',
  missing: '#ffa3b3',
  denied: '#8015ea',
  unknown: '#6b7480',
};

/** Black or white, whichever reads better on a colour (WCAG 2.2, relative luminance). */
export function inkOn(colour: string): string {
  const linear = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  return luminance > 0.179 ? '#000000' : '#ffffff';
}
