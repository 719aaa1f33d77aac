// The web API of docs/openapi.yaml: its types, and the one place that sends requests.
import { signal } from '@preact/signals';
import type { components, paths } from './contract';

type Schemas = components['schemas'];
export type State = Schemas['State'];
export type Severity = Schemas['Severity'];
export type DeliveryState = Schemas['DeliveryState'];
export type Session = Schemas['Session'];
export type Counts = Schemas['Counts'];
export type Overview = Schemas['Overview'];
export type Host = Schemas['Host'];
export type Diagnosis = Schemas['Diagnosis'];
export type Controlled = Schemas['Controlled'];
export type Service = Schemas['Service'];
export type Timeline = Schemas['Timeline'];
export type OpenAlert = Schemas['OpenAlert'];
export type Alert = Schemas['Alert'];
export type Action = Schemas['Action'];
export type Delivery = Schemas['Delivery'];
export type Destination = Schemas['Destination'];
export type Silence = Schemas['Silence'];
export type Event = Schemas['Event'];
export type Change = Event['changes'][number];

/** Where the dashboard is served, with any sub-path of a proxy. */
export const BASE = new URL('.', import.meta.url).href;

/** An answer that is no success, or none at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    title: string,
    readonly detail: string,
  ) {
    super(title);
  }
  get text(): string {
    return this.detail ? `${this.message}: ${this.detail}` : this.message;
  }
}

const TOKEN = 'tocsin-token';

/** Keeps a token of the address (`#token=…`) for this tab, and takes it out of the address. */
function takeToken(): string {
  const fragment = new URLSearchParams(location.hash.slice(1)),
    token = fragment.get('token');
  if (token !== null) {
    sessionStorage.setItem(TOKEN, token);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN) ?? '';
}

export const token = signal(takeToken());

/** Whether the server wants a login that this tab does not have. */
export const loginWanted = signal(false);

/** The path at which the browser asks for a password; empty: nobody has one, or it is not known yet. */
export const loginPath = signal('');

// A tab that was opened from another one asks the others for their token: browsers do not hand sessionStorage on to it.
const tabs = typeof BroadcastChannel === 'function' ? new BroadcastChannel(`tocsin ${BASE}`) : null;
tabs?.addEventListener('message', ({ data }: MessageEvent<{ token: string }>) => {
  if (!data.token && token.peek() && !loginWanted.peek()) tabs.postMessage({ token: token.peek() });
  else if (data.token && !token.peek()) logIn(data.token);
});

/** Goes on with another token, or with none. */
export function logIn(value: string): void {
  if (value) sessionStorage.setItem(TOKEN, value);
  else sessionStorage.removeItem(TOKEN);
  token.value = value;
  loginWanted.value = false;
}

if (!token.peek()) tabs?.postMessage({ token: '' });

/** When the server last answered, by the clock of this machine. */
export const answered = signal(0);

type Verb = 'get' | 'post' | 'patch' | 'delete';
type PathsWith<V extends Verb> = { [P in keyof paths]: paths[P][V] extends object ? P : never }[keyof paths];
type Filled<T> = T extends object ? T : unknown;
type Arguments<O> = O extends { parameters: infer P }
  ? Filled<P extends { path: infer X } ? X : unknown> & Filled<P extends { query?: infer Q } ? Q : unknown>
  : never;
type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never;
type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer T } } } ? T : never;

function address(path: string, values: Record<string, unknown>): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const [name, value] of Object.entries(values)) {
    if (filled.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, () => encodeURIComponent(String(value)));
    else if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return `${BASE}api/v1${filled}${text && `?${text}`}`;
}

async function send(verb: Verb, url: string, body: unknown, more: RequestInit): Promise<unknown> {
  const headers = new Headers(more.headers);
  headers.set('Accept', 'application/json');
  if (token.value) headers.set('Authorization', `Bearer ${token.value}`);
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  let answer: Response;
  try {
    answer = await fetch(url, { ...more, method: verb.toUpperCase(), headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'tocsin does not answer', '');
  }
  if (answer.status === 401) loginWanted.value = true;
  else if (answer.ok) {
    loginWanted.value = false;
    answered.value = Date.now();
  }
  if (answer.status === 204) return null;
  const json = (await answer.json().catch(() => null)) as Record<string, unknown> | null;
  if (answer.ok && json !== null) return json;
  if (answer.status === 401) loginPath.value = typeof json?.login === 'string' ? json.login : '';
  throw new Problem(
    answer.status,
    typeof json?.title === 'string' ? json.title : `tocsin answers with status ${answer.status}`,
    typeof json?.detail === 'string' ? json.detail : '',
  );
}

/** Each throws Problem, or an AbortError where `signal` was aborted. */
export const get = <P extends PathsWith<'get'>>(
  path: P,
  values: Arguments<paths[P]['get']>,
  signal?: AbortSignal,
): Promise<Answer<paths[P]['get']>> =>
  send('get', address(path, values as Record<string, unknown>), undefined, signal ? { signal } : {}) as Promise<Answer<paths[P]['get']>>;

export const post = <P extends PathsWith<'post'>>(
  path: P,
  values: Arguments<paths[P]['post']>,
  body: Body<paths[P]['post']>,
  headers?: HeadersInit,
): Promise<Answer<paths[P]['post']>> =>
  send('post', address(path, values as Record<string, unknown>), body, headers ? { headers } : {}) as Promise<Answer<paths[P]['post']>>;

export const patch = <P extends PathsWith<'patch'>>(
  path: P,
  values: Arguments<paths[P]['patch']>,
  body: Body<paths[P]['patch']>,
): Promise<Answer<paths[P]['patch']>> =>
  send('patch', address(path, values as Record<string, unknown>), body, {}) as Promise<Answer<paths[P]['patch']>>;

export const remove = async <P extends PathsWith<'delete'>>(path: P, values: Arguments<paths[P]['delete']>): Promise<void> => {
  await send('delete', address(path, values as Record<string, unknown>), undefined, {});
};

export const eventsUrl = `${BASE}api/v1/events`;
