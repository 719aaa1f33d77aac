// What pages are made of: buttons, tables, and what stands where there is nothing to show.
import type { ComponentChildren, TargetedEvent } from 'preact';
import { useSignal } from '@preact/signals';
import type { Resource } from '../resource';
import { mayAct } from '../session';
import { act, type Notice } from './notices';

/** A button that acts. Absent for those who may only read. */
export function Action({
  work,
  children,
  label,
  disabled,
  class: kind,
}: {
  work: () => Promise<Notice | null>;
  children: ComponentChildren;
  label?: string;
  disabled?: boolean;
  class?: string | undefined;
}) {
  const busy = useSignal(false);
  if (!mayAct.value) return null;
  const run = async () => {
    busy.value = true;
    await act(work);
    busy.value = false;
  };
  return (
    <button type="button" class={kind} aria-label={label} disabled={disabled || busy.value} onClick={() => void run()}>
      {children}
    </button>
  );
}

/** A button that opens something in which one may act. */
export function Opener({ open, children, label }: { open: () => void; children: ComponentChildren; label?: string }) {
  return mayAct.value ? (
    <button type="button" aria-label={label} onClick={open}>
      {children}
    </button>
  ) : null;
}

/** Shows a resource: what was read last, even where reading it again has failed. */
export function Shown<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
  // That the server does not answer is said once, in the bar.
  const data = of.data.value,
    failed = of.problem.value,
    problem = data !== null && failed?.status === 0 ? null : failed;
  return (
    <>
      {problem && (
        <p class="problem" role="alert">
          {problem.text}.{' '}
          <button type="button" onClick={of.refresh}>
            Try again
          </button>
        </p>
      )}
      {data === null ? !problem && <p class="empty">Loading …</p> : children(data)}
    </>
  );
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** A table that becomes a list of blocks where there is no room. Empty heads are those of buttons. */
export function Table({
  caption,
  heads,
  children,
  class: kind,
}: {
  caption: string;
  heads: readonly string[];
  children: ComponentChildren;
  class?: string;
}) {
  return (
    <table class={kind}>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th scope="col" key={head}>
              {head || <span class="unseen">Actions</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** Links of which one is where the reader is. */
export function Tabs({
  label,
  tabs,
}: {
  label: string;
  tabs: readonly { readonly href: string; readonly here: boolean; readonly text: ComponentChildren }[];
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.here ? 'true' : undefined}>
          {tab.text}
        </a>
      ))}
    </nav>
  );
}

/** A field with its label. */
export const Field = ({ label, children, hint }: { label: string; children: ComponentChildren; hint?: ComponentChildren }) => (
  <label class="field">
    <span>{label}</span>
    {children}
    {hint && <small>{hint}</small>}
  </label>
);

export const valueOf = (event: TargetedEvent<HTMLInputElement | HTMLSelectElement>): string => event.currentTarget.value;
