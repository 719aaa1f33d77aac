// Where the reader is. The query of the address holds the whole view, so every view can be linked, and back and forward work.
import { computed, signal } from '@preact/signals';

export const PAGES = ['overview', 'host', 'history', 'deliveries', 'silences', 'configuration', 'about'] as const;
export type Page = (typeof PAGES)[number];

const search = signal(location.search);
export const query = computed(() => new URLSearchParams(search.value));

/** One value of the query; empty where there is none. */
export const value = (name: string): string => query.value.get(name) ?? '';

export const page = computed<Page>(() => PAGES.find((one) => one === value('page')) ?? 'overview');
export const kiosk = computed(() => query.value.has('kiosk'));
export const utc = computed(() => value('zone') === 'utc');

/** What goes along from page to page. */
const STICKY = ['kiosk', 'zone'];

type Values = Readonly<Record<string, string | undefined>>;

function write(parameters: URLSearchParams, values: Values): string {
  for (const [name, text] of Object.entries(values)) {
    if (text === undefined || text === '') parameters.delete(name);
    else parameters.set(name, text);
  }
  const text = parameters.toString().replace(/=(?=&|$)/g, '');
  return `?${text}`;
}

/** The address of a page. */
export function link(to: Page, values: Values = {}): string {
  const parameters = new URLSearchParams();
  if (to !== 'overview') parameters.set('page', to);
  const result = new URLSearchParams(write(parameters, values).slice(1));
  for (const name of STICKY) if (query.value.has(name)) result.set(name, value(name));
  return write(result, {});
}

/** The address of this view with some values changed. */
export const linkHere = (values: Values): string => write(new URLSearchParams(query.value), values);

/** Goes to an address that link() or linkHere() made. */
export function go(address: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') writeNow();
  const before = page.peek(),
    wanted = new URL(address, location.href).search;
  if (how === 'push') history.pushState(null, '', location.pathname + wanted);
  else writeSoon();
  search.value = wanted;
  if (how === 'push' && page.peek() !== before) scrollTo(0, 0);
}

// Browsers limit how often an address may be replaced (Chromium 200 times in 10 s, Safari 100 in 30 s), and dragging does it with every frame.
const WRITE_MS = 400;
let writing: ReturnType<typeof setTimeout> | undefined;

function writeSoon(): void {
  writing ??= setTimeout(writeNow, WRITE_MS);
}

function writeNow(): void {
  if (writing === undefined) return;
  clearTimeout(writing);
  writing = undefined;
  history.replaceState(null, '', location.pathname + search.peek());
}

addEventListener('pagehide', writeNow);

/** Changes some values of this view. Typing replaces, clicks push. */
export const change = (values: Values, how: 'push' | 'replace' = 'push'): void => go(linkHere(values), how);

addEventListener('popstate', () => {
  clearTimeout(writing);
  writing = undefined;
  search.value = location.search;
});

// Links to other views stay in this page; all others, and those with a modifier, are the browser's.
addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const anchor = (event.target as Element).closest('a');
  const target = anchor?.getAttribute('href');
  if (!anchor || !target?.startsWith('?') || anchor.target) return;
  event.preventDefault();
  go(target);
});
