// Who the reader is, and the counts that every page shows.
import { computed, signal } from '@preact/signals';
import type { Session } from './api';

export const session = signal<Session | null>(null);
export const mayAct = computed(() => session.value?.role === 'act');
