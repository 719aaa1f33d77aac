// Light or dark, as the system wants it. Style sheets know by themselves; canvases ask here.
import { computed, signal } from '@preact/signals';
import { DARK, LIGHT } from './palette';

const wish = matchMedia('(prefers-color-scheme: dark)');
const dark = signal(wish.matches);
wish.addEventListener('change', () => {
  dark.value = wish.matches;
});

/** The colours of the states. */
export const palette = computed(() => (dark.value ? DARK : LIGHT));
/** Colours of the page itself that canvases need. */
export const paper = computed(() =>
  dark.value
    ? { page: '#121212', ground: '#161719', ink: '#e6e6e3', muted: '#a0a4aa', line: '#2c2e32', mark: '#8fb7ff' }
    : { page: '#f7f7f5', ground: '#ffffff', ink: '#1b1c1e', muted: '#5c6066', line: '#e4e4e0', mark: '#1f4fa8' },
);
