// What asks before it acts: a silence (what it would cover is shown first), an acknowledgement, and starting or stopping a service (its steps are).
import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { get, patch, post, Problem, remove, type Controlled, type OpenAlert, type Service, type Silence } from '../api';
import { now, show, zone } from '../clock';
import { visible } from '../names';
import { useResource } from '../resource';
import { duration, moment, parseDuration } from '../time';
import { Field, Shown, valueOf } from './frame';
import { act, type Notice } from './notices';
import { count, Name, StateText, Words } from './text';

type Asked =
  | { readonly what: 'silence'; readonly scope: string }
  | { readonly what: 'acknowledge'; readonly alert: Pick<OpenAlert, 'host' | 'service' | 'about'> }
  | { readonly what: 'control'; readonly host: string; readonly service: Pick<Service, 'name' | 'state'> };
const asked = signal<Asked | null>(null);

/** HOST or HOST/SERVICE, as silences are written. */
export const scopeOf = (host: string, service: string): string => (service ? `${host}/${service}` : host);

export const askSilence = (scope: string): void => {
  asked.value = { what: 'silence', scope };
};
export const askAcknowledge = (alert: Pick<OpenAlert, 'host' | 'service' | 'about'>): void => {
  asked.value = { what: 'acknowledge', alert };
};
export const askControl = (host: string, service: Pick<Service, 'name' | 'state'>): void => {
  asked.value = { what: 'control', host, service };
};
export const closeDialog = (): void => {
  asked.value = null;
};

export function Dialogs() {
  const one = asked.value;
  if (!one) return null;
  if (one.what === 'silence') return <NewSilence key={one.scope} scope={one.scope} />;
  return one.what === 'acknowledge' ? <Acknowledge alert={one.alert} /> : <Control host={one.host} service={one.service} />;
}

/** A modal form. Enter sends it, Escape closes it; the browser keeps the focus inside and gives it back. */
function Dialog({
  title,
  send,
  sendText,
  disabled,
  children,
}: {
  title: string;
  send: () => Promise<Notice | null>;
  sendText: string;
  disabled?: boolean;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null),
    busy = useSignal(false);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>('[data-first=true]')?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    busy.value = true;
    if (await act(send)) closeDialog();
    else busy.value = false;
  };
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={closeDialog}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="dialog-title">{title}</h2>
        {children}
        <p class="buttons">
          <button type="submit" class="main" disabled={disabled || busy.value}>
            {sendText}
          </button>
          <button type="button" onClick={closeDialog}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}

const SPANS = ['30min', '1h', '4h', '1d', '7d'];

function NewSilence({ scope: begin }: { scope: string }) {
  const scope = useSignal(begin),
    span = useSignal('1h'),
    reason = useSignal('');
  const seconds = parseDuration(span.value),
    key = useRef(crypto.getRandomValues(new Uint32Array(4)).join('-'));
  const send = async () => {
    const made = await post(
      '/silences',
      {},
      { scope: scope.value.trim(), seconds: seconds!, reason: reason.value.trim() },
      { 'Idempotency-Key': key.current },
    );
    return { text: `Silenced ${visible(scopeOf(made.host, made.service))} until ${show(made.end)}.`, undo: () => endSilence(made, false) };
  };
  return (
    <Dialog title="New silence" send={send} sendText="Silence" disabled={!scope.value.trim() || !seconds || !reason.value.trim()}>
      <Field label="Host or host/service" hint="* and ? stand for any text and any character">
        <input
          value={scope.value}
          maxLength={512}
          required
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => {
            scope.value = valueOf(event);
          }}
        />
      </Field>
      <Field
        label="For"
        hint={seconds ? `until ${moment(now.value + seconds * 1000, zone.value, now.value)}` : 'a number and a unit, such as 90min, 4h or 2d'}>
        <input
          value={span.value}
          required
          autocomplete="off"
          aria-invalid={!seconds}
          onInput={(event) => {
            span.value = valueOf(event);
          }}
        />
      </Field>
      <p class="choices" role="group" aria-label="Usual lengths">
        {SPANS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={span.value === one}
            onClick={() => {
              span.value = one;
            }}>
            {one}
          </button>
        ))}
      </p>
      <Field label="Reason">
        <input
          value={reason.value}
          maxLength={1000}
          required
          data-first={!!begin}
          onInput={(event) => {
            reason.value = valueOf(event);
          }}
        />
      </Field>
      <Covered scope={scope.value.trim()} />
    </Dialog>
  );
}

/** What a silence would hide, before it does. */
function Covered({ scope }: { scope: string }) {
  const asked = useSignal(scope);
  useEffect(() => {
    const timer = setTimeout(() => {
      asked.value = scope;
    }, 250);
    return () => clearTimeout(timer);
  }, [scope]);
  const preview = useResource(
    asked.value || null,
    (signal) => get('/silences/preview', { scope: asked.value }, signal),
    () => false,
  );
  return (
    <div class="covered" aria-live="polite">
      {!asked.value && <p class="muted">What it covers is shown here, before it does.</p>}
      {asked.value && (
        <Shown of={preview}>
          {(found) => (
            <>
              <p>
                {found.hosts + found.services === 0 ? (
                  <strong>It matches nothing.</strong>
                ) : (
                  <>
                    It matches {count(found.hosts, 'host')} and {count(found.services, 'service')}, and hides{' '}
                    {count(found.open.length, 'open problem')}.
                  </>
                )}
              </p>
              {found.open.length > 0 && (
                <ul>
                  {found.open.slice(0, 5).map((alert) => (
                    <li key={`${alert.host}/${alert.service}`}>
                      <StateText state={alert.state} /> <Name of={alert.friendlyName || alert.displayName || alert.service} />{' '}
                      <span class="muted">on</span> <Name of={alert.host} />
                    </li>
                  ))}
                  {found.open.length > 5 && <li class="muted">and {found.open.length - 5} more</li>}
                </ul>
              )}
            </>
          )}
        </Shown>
      )}
    </div>
  );
}

function Acknowledge({ alert }: { alert: Pick<OpenAlert, 'host' | 'service' | 'about'> }) {
  const reason = useSignal(''),
    what = visible(scopeOf(alert.host, alert.service));
  const send = async () => {
    const made = await post('/acknowledgements', {}, { host: alert.host, service: alert.service, reason: reason.value.trim() });
    return { text: `Acknowledged ${what}. No escalations and reminders until the alert ends.`, undo: () => takeBack(made.id, what) };
  };
  return (
    <Dialog title={`Acknowledge ${what}`} send={send} sendText="Acknowledge">
      <p>Escalations and reminders stop until the alert ends.</p>
      <Field label="Note (may stay empty)">
        <input
          value={reason.value}
          maxLength={1000}
          data-first
          onInput={(event) => {
            reason.value = valueOf(event);
          }}
        />
      </Field>
    </Dialog>
  );
}

const CONTROLS = { start: 'Start', stop: 'Stop', restart: 'Restart' } as const;
type Action = keyof typeof CONTROLS;

function Control({ host, service }: { host: string; service: Pick<Service, 'name' | 'state'> }) {
  const action = useSignal<Action>(service.state === 'STOPPED' || service.state === 'PAUSED' ? 'start' : 'restart'),
    what = `${visible(service.name)} on ${visible(host)}`,
    ask = (dryRun: boolean) => post('/hosts/{host}/services/{service}/control', { host, service: service.name }, { action: action.value, dryRun });
  const plan = useResource(
    action.value,
    () => ask(true),
    () => false,
  );
  const send = async () => {
    const done = await ask(false);
    if (done.error) throw new Problem(0, `${CONTROLS[action.value]} ${what}`, done.error);
    return { text: done.steps.length ? `${what} is ${done.after} now.` : `${what} was ${done.before} already.` };
  };
  const planned = plan.data.value?.action === action.value ? plan.data.value : null;
  return (
    <Dialog title={`Start or stop ${what}`} send={send} sendText={CONTROLS[action.value]} disabled={!planned || !!planned.error}>
      <p class="choices" role="group" aria-label="What to do">
        {(Object.keys(CONTROLS) as Action[]).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={action.value === one}
            onClick={() => {
              action.value = one;
            }}>
            {CONTROLS[one]}
          </button>
        ))}
      </p>
      <div class="covered" aria-live="polite">
        <Shown of={plan}>{() => (planned ? <Steps of={planned} /> : <p class="empty">Loading …</p>)}</Shown>
      </div>
    </Dialog>
  );
}

/** What would be done, before it is. */
function Steps({ of }: { of: Controlled }) {
  if (of.error)
    return (
      <p class="problem">
        <Words of={of.error} />
      </p>
    );
  if (!of.steps.length) return <p>It is {of.before} already: nothing will be done.</p>;
  return (
    <>
      <p>In this order:</p>
      <ol>
        {of.steps.map((step) => (
          <li key={`${step.action} ${step.service}`}>
            {step.action} <Name of={step.service} />
          </li>
        ))}
      </ol>
    </>
  );
}

/** Takes an acknowledgement back. */
export async function takeBack(id: number, what: string): Promise<Notice> {
  await remove('/acknowledgements/{acknowledgement}', { acknowledgement: id });
  return { text: `Took the acknowledgement of ${what} back.` };
}

/** Ends a silence. The way back is a new one for the rest of its time. */
export async function endSilence(silence: Silence, canUndo = true): Promise<Notice> {
  await remove('/silences/{silence}', { silence: silence.id });
  const scope = scopeOf(silence.host, silence.service),
    text = `Ended the silence of ${visible(scope)}.`;
  if (!canUndo) return { text };
  return {
    text,
    undo: async () => {
      const seconds = Math.round((Date.parse(silence.end) - now.value) / 1000);
      if (seconds < 1) return { text: 'It would have ended by now.' };
      const made = await post('/silences', {}, { scope, seconds, reason: silence.reason || 'again' });
      return { text: `Silenced ${visible(scope)} again until ${show(made.end)}.` };
    },
  };
}

/** Lets a silence last longer. */
export async function extendSilence(silence: Silence, milliseconds: number): Promise<Notice> {
  const end = new Date(Date.parse(silence.end) + milliseconds).toISOString();
  const made = await patch('/silences/{silence}', { silence: silence.id }, { end });
  return {
    text: `Silence of ${visible(scopeOf(made.host, made.service))} now ends at ${show(made.end)} (in ${duration(Date.parse(made.end) - now.value)}).`,
    undo: async () => {
      await patch('/silences/{silence}', { silence: silence.id }, { end: silence.end });
      return { text: `It ends at ${show(silence.end)} again.` };
    },
  };
}
