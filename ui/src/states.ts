// The states of services: one row holds all that the dashboard knows of each. The order is the server's (src/domain/service.h), best first:
// where several share a pixel or a square, the last in this list wins.
import type { State } from './api';

/** What colour a state has. Several states share one; the sign tells them apart. */
export type Tone = 'running' | 'unknown' | 'denied' | 'pending' | 'paused' | 'missing' | 'stopped';

interface Row {
  readonly state: State;
  readonly word: string;
  readonly sign: string;
  readonly tone: Tone;
}

const ROWS: readonly Row[] = [
  { state: 'RUNNING', word: 'running', sign: 'R', tone: 'running' },
  { state: 'CONTINUE_PENDING', word: 'continuing', sign: '…', tone: 'pending' },
  { state: 'START_PENDING', word: 'starting', sign: '…', tone: 'pending' },
  { state: 'PAUSE_PENDING', word: 'pausing', sign: '…', tone: 'pending' },
  { state: 'STOP_PENDING', word: 'stopping', sign: '…', tone: 'pending' },
  { state: 'PAUSED', word: 'paused', sign: 'P', tone: 'paused' },
  { state: 'UNKNOWN', word: 'unknown', sign: '?', tone: 'unknown' },
  { state: 'DENIED', word: 'denied', sign: 'D', tone: 'denied' },
  { state: 'OVERRUN', word: 'overrun', sign: '+', tone: 'paused' },
  { state: 'STOPPED', word: 'stopped', sign: 'S', tone: 'stopped' },
  { state: 'MISSING', word: 'missing', sign: 'M', tone: 'missing' },
];

/** A state as a number: its rank by severity. -1 means that nothing is known. */
export type Rank = number;

export const STATES: readonly State[] = ROWS.map((row) => row.state);
const RANK = new Map<string, Rank>(STATES.map((state, rank) => [state, rank]));
const UNKNOWN = RANK.get('UNKNOWN')!;

/** The rank of a state. A word of a later version of tocsin counts as unknown. */
export const rankOf = (state: string): Rank => RANK.get(state) ?? UNKNOWN;
export const toneAt = (rank: Rank): Tone => ROWS[rank]?.tone ?? 'unknown';
export const signAt = (rank: Rank): string => ROWS[rank]?.sign ?? '';
export const wordAt = (rank: Rank): string => ROWS[rank]?.word ?? 'nothing known';
export const word = (state: string): string => wordAt(rankOf(state));
export const RUNNING: Rank = RANK.get('RUNNING')!;

/** The ranks of a column of letters, as the server sends it: one a letter, -1 for a blank. */
export function ranks(column: string, letters: Readonly<Record<string, string>>): Int8Array {
  const table = new Map(Object.entries(letters).map(([letter, state]) => [letter, rankOf(state)]));
  return Int8Array.from(column, (letter) => (letter === ' ' ? -1 : (table.get(letter) ?? UNKNOWN)));
}
