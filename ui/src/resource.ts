// Something that the server knows and a page shows: read when the page opens, and again when it changes.
import { signal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Problem, token } from './api';
import { onChanges, settled, type Changes } from './live';

/** At most one reading in so long, however much changes. The first change of a quiet time is read at once. */
const GAP_MS = 500;

export interface Resource<T> {
  readonly data: ReadonlySignal<T | null>;
  readonly problem: ReadonlySignal<Problem | null>;
  /** Reads it again now. */
  readonly refresh: () => void;
}

type Load<T> = (signal: AbortSignal, before: T | null) => Promise<T>;

class Reader<T> implements Resource<T> {
  readonly data = signal<T | null>(null);
  readonly problem = signal<Problem | null>(null);
  #load: Load<T> | null = null;
  #abort: AbortController | null = null;
  #again = false;
  #last = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly when: 'seen' | 'always') {}

  start(load: Load<T>): void {
    this.stop();
    this.#load = load;
    void settled.then(() => {
      if (this.#load === load) void this.#read();
    });
  }

  stop(): void {
    this.#load = null;
    this.#abort?.abort();
    this.#abort = null;
    this.#again = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  refresh = (): void => {
    if (!this.#load || this.#timer !== undefined) return;
    if (this.#abort || this.#unseen()) this.#again = true;
    else
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          void this.#read();
        },
        Math.max(0, this.#last + GAP_MS - performance.now()),
      );
  };

  /** What changed while nobody looked is read when somebody does. */
  seen = (): void => {
    if (this.#unseen() || !this.#again || this.#abort) return;
    this.#again = false;
    this.refresh();
  };

  #unseen(): boolean {
    return this.when === 'seen' && document.hidden;
  }

  async #read(): Promise<void> {
    const load = this.#load;
    if (!load) return;
    const abort = (this.#abort = new AbortController());
    this.#last = performance.now();
    try {
      const data = await load(abort.signal, this.data.peek());
      if (abort !== this.#abort) return;
      this.data.value = data;
      this.problem.value = null;
    } catch (error) {
      if (abort !== this.#abort) return;
      this.problem.value = error instanceof Problem ? error : new Problem(0, 'The dashboard failed', String(error));
    }
    this.#abort = null;
    this.seen();
  }
}

/**
 * Reads by `load` whenever `key` changes, and when `concerns` says so of a change. A null key reads nothing.
 * What nobody sees is read when somebody does, unless it is wanted `always`. The data of the key before stay until the new ones are there:
 * a component that must not show them has a `key` of its own.
 */
export function useResource<T>(
  key: string | null,
  load: Load<T>,
  concerns: (changes: Changes) => boolean,
  when: 'seen' | 'always' = 'seen',
): Resource<T> {
  const reader = useMemo(() => new Reader<T>(when), []);
  useEffect(() => {
    if (key === null) return;
    reader.start(load);
    const leave = onChanges((changes) => {
      if (changes.all || concerns(changes)) reader.refresh();
    });
    document.addEventListener('visibilitychange', reader.seen);
    return () => {
      leave();
      document.removeEventListener('visibilitychange', reader.seen);
      reader.stop();
    };
  }, [key, token.value]);
  return reader;
}

/** Reads a resource again every so often: what it shows changes without an event. */
export function useEvery(milliseconds: number, resource: Resource<unknown>): void {
  useEffect(() => {
    const timer = setInterval(resource.refresh, milliseconds);
    return () => clearInterval(timer);
  }, []);
}

/** Whether changes hold one of these. */
export const about =
  (...what: string[]) =>
  (changes: Changes): boolean =>
    changes.changes.some((change) => what.includes(change.what));
