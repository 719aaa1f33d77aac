// The time as the server has it, once a second while the page is seen.
import { computed, signal } from '@preact/signals';
import { utc } from './place';
import { moment, type Zone } from './time';

/** Milliseconds that the server's clock is ahead. */
const ahead = signal(0);
const local = signal(Date.now());

export const now = computed(() => local.value + ahead.value);
export const zone = computed<Zone>(() => (utc.value ? 'UTC' : undefined));

/** Sets the clock by a time that the server has just said. Less than two seconds are the way of the answer. */
export function setClock(server: string): void {
  const distance = Date.parse(server) - Date.now();
  ahead.value = Math.abs(distance) > 2000 ? distance : 0;
}

setInterval(() => {
  if (!document.hidden) local.value = Date.now();
}, 1000);
document.addEventListener('visibilitychange', () => {
  local.value = Date.now();
});

/** A time of the API, as text in the reader's zone. */
export const show = (time: string): string => moment(Date.parse(time), zone.value, now.value);
