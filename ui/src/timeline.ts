// The timeline of a host as pixels: pure, so that it can be tested. Its cost depends on segments in view and pixels, not on the zoom.
import { ranks, type Rank } from './states';

/** One row: when each segment begins (milliseconds since 1970, ascending), and its rank. */
export interface Track {
  readonly service: string;
  readonly starts: Float64Array;
  readonly ranks: Int8Array;
  readonly thinned: boolean;
}

interface Columns {
  readonly service: string;
  readonly start: readonly number[];
  readonly states: string;
  readonly thinned: boolean;
}

/** A row of the API: the first beginning, then distances. */
export function trackOf(row: Columns, letters: Readonly<Record<string, string>>): Track {
  const states = ranks(row.states, letters),
    starts = new Float64Array(Math.min(row.start.length, states.length));
  let at = 0;
  for (let segment = 0; segment < starts.length; segment++) starts[segment] = at += row.start[segment]!;
  return { service: row.service, starts, ranks: states.subarray(0, starts.length), thinned: row.thinned };
}

/** The segment in which a time lies; -1 before the first. */
export function segmentAt(track: Track, time: number): number {
  let low = 0,
    high = track.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (track.starts[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What is seen: a span of time on a number of pixels. */
export interface View {
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
}

/**
 * Writes the worst rank of each pixel into `line`, -1 where nothing is known. The last segment ends at `end`.
 * A segment has a pixel even if it is shorter, so that no short stop vanishes.
 */
export function paintLine(track: Track, end: number, view: View, line: Int8Array): void {
  const scale = view.pixels / (view.to - view.from),
    { starts, ranks: states } = track;
  line.fill(-1);
  for (let segment = Math.max(0, segmentAt(track, view.from)); segment < starts.length && starts[segment]! < view.to; segment++) {
    const until = segment + 1 < starts.length ? starts[segment + 1]! : end,
      rank = states[segment]!;
    if (until <= view.from || rank < 0) continue;
    const first = Math.max(0, Math.floor((starts[segment]! - view.from) * scale));
    const last = Math.min(view.pixels, Math.max(first + 1, Math.round((until - view.from) * scale)));
    for (let x = first; x < last; x++) if (rank > line[x]!) line[x] = rank;
  }
}

/** How long a row was in each rank within a span, in milliseconds. */
export function timeByRank(track: Track, end: number, from: number, to: number): Map<Rank, number> {
  const found = new Map<Rank, number>();
  for (let segment = Math.max(0, segmentAt(track, from)); segment < track.starts.length; segment++) {
    const begin = Math.max(from, track.starts[segment]!),
      until = Math.min(to, segment + 1 < track.starts.length ? track.starts[segment + 1]! : end);
    if (until > begin) found.set(track.ranks[segment]!, (found.get(track.ranks[segment]!) ?? 0) + until - begin);
  }
  return found;
}
