// All hosts with their worst states, in columns, so that ten thousand of them stay light.
import { ranks, RUNNING, type Rank } from './states';
import type { Change, Overview } from './api';

export interface Fleet {
  readonly sequence: number;
  readonly letters: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly worst: Int8Array;
  readonly services: Int32Array;
  readonly running: Int32Array;
  readonly troubled: Int32Array;
  readonly reached: Uint8Array;
  /** By the name in lower case. */
  readonly index: ReadonlyMap<string, number>;
}

export function fleetOf(overview: Overview): Fleet {
  const reached = new Uint8Array(overview.names.length).fill(1);
  for (const at of overview.unreached) reached[at] = 0;
  return {
    sequence: overview.sequence,
    letters: overview.letters,
    names: overview.names,
    worst: ranks(overview.worst, overview.letters),
    services: Int32Array.from(overview.services),
    running: Int32Array.from(overview.running),
    troubled: Int32Array.from(overview.troubled),
    reached,
    index: new Map(overview.names.map((name, at) => [name.toLowerCase(), at])),
  };
}

/** Writes changes into the columns. False: a host is new, so the columns are to be read again. */
export function patchFleet(fleet: Fleet, changes: readonly Change[]): boolean {
  let known = true;
  for (const change of changes) {
    if (change.what !== 'host') continue;
    const at = fleet.index.get(change.host.toLowerCase());
    if (at === undefined) {
      known = false;
      continue;
    }
    fleet.worst[at] = ranks(change.worst, fleet.letters)[0] ?? -1;
    fleet.services[at] = change.services;
    fleet.running[at] = change.running;
    fleet.troubled[at] = change.troubled;
    fleet.reached[at] = change.reached ? 1 : 0;
  }
  return known;
}

/** What a filter of hosts asks for: `any`, `trouble`, `unreached`, or one state by its word. */
interface Wanted {
  readonly matches: (name: string) => boolean;
  readonly rank: Rank | null;
  readonly what: 'any' | 'trouble' | 'unreached';
}

/** The indices of the hosts that a filter lets through, in the order of the columns. */
export function filterFleet(fleet: Fleet, wanted: Wanted): number[] {
  const found = [];
  for (let at = 0; at < fleet.names.length; at++) {
    if (wanted.rank !== null && fleet.worst[at] !== wanted.rank) continue;
    if (wanted.what === 'trouble' && !isTroubled(fleet, at)) continue;
    if (wanted.what === 'unreached' && fleet.reached[at]) continue;
    if (wanted.matches(fleet.names[at]!)) found.push(at);
  }
  return found;
}

/** Whether something of a host is not as it should be. A service that is expected to be stopped is no trouble. */
export const isTroubled = (fleet: Fleet, at: number): boolean => fleet.troubled[at]! > 0 || !fleet.reached[at];

/** The state that stands for a host: the worst of its services where something is wrong, else running. */
export const shownRank = (fleet: Fleet, at: number): Rank => (isTroubled(fleet, at) || fleet.worst[at]! < 0 ? fleet.worst[at]! : RUNNING);
