// A long list: its latest entries, read again when something changes, and older ones when somebody wants them.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { useResource } from '../resource';
import type { Changes } from '../live';
import { Empty, Shown } from './frame';
import { act } from './notices';

export interface Page<T> {
  readonly entries: readonly T[];
  readonly next: string | null;
}

type Id = string | number;

/** `list` names what is listed: of another one nothing is kept. `read` gets an empty `next` for the latest page. */
export function Pages<T>({
  list,
  read,
  id,
  concerns,
  none,
  children,
}: {
  list: string;
  read: (next: string, signal?: AbortSignal) => Promise<Page<T>>;
  id: (entry: T) => Id;
  concerns: (changes: Changes) => boolean;
  none: string;
  children: (entries: readonly T[]) => ComponentChildren;
}) {
  const last = useMemo(() => ({ list: '' }), []);
  const latest = useResource<Page<T>>(
    list,
    async (signal, before) => {
      const fresh = await read('', signal),
        kept = last.list === list ? before : null;
      last.list = list;
      return kept ? joined(fresh, kept, id) : fresh;
    },
    concerns,
  );
  const older = useSignal<(Page<T> & { readonly list: string }) | null>(null),
    more = older.value?.list === list ? older.value : null;
  const readOlder = async (next: string) => {
    const page = await read(next);
    older.value = { list, entries: [...(more?.entries ?? []), ...page.entries], next: page.next };
    return null;
  };
  return (
    <Shown of={latest}>
      {(data) => {
        const known = new Set(data.entries.map(id)),
          all = [...data.entries, ...(more?.entries ?? []).filter((one) => !known.has(id(one)))],
          next = more ? more.next : data.next;
        return all.length ? (
          <>
            {children(all)}
            {next && (
              <p>
                <button type="button" onClick={() => void act(() => readOlder(next))}>
                  Older
                </button>
              </p>
            )}
          </>
        ) : (
          <Empty>{none}</Empty>
        );
      }}
    </Shown>
  );
}

/** The latest page read again, with what the one before had behind it. Where so much is new that they have nothing in common, it begins anew. */
function joined<T>(fresh: Page<T>, before: Page<T>, id: (entry: T) => Id): Page<T> {
  const end = fresh.entries.at(-1),
    at = end === undefined ? -1 : before.entries.findIndex((one) => id(one) === id(end));
  return at < 0 || fresh.next === null ? fresh : { entries: [...fresh.entries, ...before.entries.slice(at + 1)], next: before.next };
}
