// What an action answered: said in the page, with the way back where there is one.
import { signal } from '@preact/signals';
import { Problem } from '../api';

export interface Notice {
  readonly text: string;
  readonly undo?: () => Promise<Notice | null>;
  readonly undoText?: string;
}
interface Shown extends Notice {
  readonly id: number;
  readonly bad: boolean;
}

const shown = signal<readonly Shown[]>([]);
let nextId = 1;
const STAYS_MS = 30_000;

function drop(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

export function notify(notice: Notice, bad = false): void {
  const id = nextId++;
  shown.value = [...shown.value.slice(-3), { ...notice, id, bad }];
  if (!bad) setTimeout(() => drop(id), STAYS_MS);
}

/** Does something and says how it went. False where it failed. */
export async function act(work: () => Promise<Notice | null>): Promise<boolean> {
  try {
    const notice = await work();
    if (notice) notify(notice);
    return true;
  } catch (error) {
    notify({ text: error instanceof Problem ? error.text : String(error) }, true);
    return false;
  }
}

export const Notices = () => (
  <div class="notices" role="status" aria-live="polite">
    {shown.value.map((one) => (
      <p key={one.id} class={one.bad ? 'notice bad' : 'notice'}>
        <span>
          {one.bad && <strong>Failed. </strong>}
          {one.text}
        </span>
        {one.undo && (
          <button
            type="button"
            onClick={() => {
              drop(one.id);
              void act(one.undo!);
            }}>
            {one.undoText ?? 'Undo'}
          </button>
        )}
        <button type="button" class="quiet" aria-label="Dismiss" onClick={() => drop(one.id)}>
          ×
        </button>
      </p>
    ))}
  </div>
);
