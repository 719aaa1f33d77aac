// What happens at the server: from the stream to those who show it.
import { computed, signal } from '@preact/signals';
import { answered, eventsUrl, loginWanted, token, type Change, type Event } from './api';
import { Connection, type Told } from './connection';
import type { Said } from './stream';

declare const STREAM_FILE: string; // build.mjs knows its hash

type Link = { readonly what: 'connecting' } | { readonly what: 'live' } | { readonly what: 'lost'; readonly since: number };
export const connection = signal<Link>({ what: 'connecting' });

/** Without the stream everything is read again every so often. */
const POLL_MS = 15_000;
const ticks = signal(0);

/** Whether what is shown may be old: the stream is lost, and the server has not answered since. */
export const stale = computed(() => {
  const link = connection.value;
  return ticks.value >= 0 && link.what === 'lost' && (answered.value < link.since || Date.now() - answered.value > 2 * POLL_MS);
});

setInterval(() => {
  if (connection.peek().what === 'live' || document.hidden || loginWanted.peek()) return;
  ticks.value++;
  tellAll(EVERYTHING);
}, POLL_MS);

/** What has changed. `all`: something was missed, so everything is to be read again. */
export interface Changes {
  readonly sequence: number;
  readonly all: boolean;
  readonly changes: readonly Change[];
}
type Listener = (changes: Changes) => void;
const listeners = new Set<Listener>();

export function onChanges(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tellAll = (changes: Changes) => listeners.forEach((listener) => listener(changes));
const EVERYTHING: Changes = { sequence: 0, all: true, changes: [] };

let settle: () => void;
/** Resolves once it is known whether the stream is there: what is read after that misses nothing. It waits for half a second at most. */
export const settled = new Promise<void>((resolve) => {
  settle = resolve;
});
let isSettled = false;
const settleNow = () => {
  isSettled = true;
  settle();
};
setTimeout(settleNow, 500);

/** Whether something may have been missed since the last reading. */
let missed = false;
/** Whether the stream waits for a login. */
let refused = false;

/** The number behind the run in the id of an event, which `sequence` of the overview counts too. */
export const sequenceOf = (id: string): number => Number(id.slice(id.lastIndexOf('-') + 1)) || 0;

function hear(told: Told): void {
  if (told.what === 'event') {
    if (told.event.event === 'reset') return tellAll(EVERYTHING);
    const event = parse(told.event.data);
    if (event) tellAll({ sequence: sequenceOf(told.event.id), all: false, changes: event.changes });
    return;
  }
  if (told.what === 'open') {
    connection.value = { what: 'live' };
    if (isSettled && (missed || !told.resumed)) tellAll(EVERYTHING);
    missed = false;
  } else if (told.what === 'lost') {
    connection.value = { what: 'lost', since: told.since };
  } else loginWanted.value = refused = true;
  settleNow();
}

function parse(data: string): Event | null {
  try {
    const event = JSON.parse(data) as Event;
    return Array.isArray(event?.changes) ? event : null;
  } catch {
    return null;
  }
}

/** The one name that Trusted Types allow, for the one script that is loaded by name. */
function workerUrl(): string {
  const url = new URL(STREAM_FILE, import.meta.url).href;
  const policies = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } })
    .trustedTypes;
  return policies ? policies.createPolicy('tocsin', { createScriptURL: () => url }).createScriptURL(url) : url;
}

function share(): void {
  const worker = new SharedWorker(workerUrl(), { name: 'tocsin' }),
    port = worker.port;
  worker.onerror = () => {
    worker.onerror = null;
    listenAlone();
  };
  const say = (said: Said) => port.postMessage(said);
  port.onmessage = (message: MessageEvent<Told>) => hear(message.data);
  let said: string | null = null;
  const hello = () => {
    refused = false;
    said = token.peek();
    say({ what: 'hello', url: eventsUrl, token: token.peek() });
  };
  token.subscribe((value) => {
    if (value !== said) hello();
  });
  // A login by a name and a password that the browser asked for.
  loginWanted.subscribe((wanted) => {
    if (!wanted && refused) hello();
  });
  addEventListener('pagehide', () => say({ what: 'bye' }));
  addEventListener('pageshow', (event) => {
    if (event.persisted) {
      missed = true;
      hello();
    }
  });
}

/** Without a SharedWorker each tab has a stream, and none while it is hidden, so that many tabs do not use up the browser's connections. */
function listenAlone(): void {
  let own: Connection | null = null;
  const listen = () => {
    if (document.hidden) return own?.stop();
    if (own?.token !== token.peek()) {
      own?.stop();
      own = new Connection(eventsUrl, token.peek(), hear);
    }
    own.start();
  };
  token.subscribe(listen);
  document.addEventListener('visibilitychange', listen);
  loginWanted.subscribe((wanted) => {
    if (!wanted) listen();
  });
}

if (typeof SharedWorker === 'function') share();
else listenAlone();
