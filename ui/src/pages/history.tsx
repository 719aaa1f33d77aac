// What happened, who was told, and why others were not.
import { useSignal } from '@preact/signals';
import { get, type Action, type Alert } from '../api';
import { show, zone } from '../clock';
import { visible } from '../names';
import { HostLink } from '../parts/alerts';
import { Field, Shown, Table, Tabs, valueOf } from '../parts/frame';
import { scopeOf } from '../parts/dialogs';
import { Pages } from '../parts/pages';
import { Deliveries, Told } from '../parts/told';
import { Moment, Name, SeverityText, StateText, Words } from '../parts/text';
import { change, linkHere, value } from '../place';
import { about, useResource } from '../resource';
import { fromInput, toInput } from '../time';

/** The kinds of docs/kinds.md. The server has the last word on them, and takes others. */
const KINDS = [
  'stopped',
  'started',
  'paused',
  'overrun',
  'restarted',
  'vanished',
  'stuck',
  'denied',
  'visible',
  'flapping',
  'steady',
  'unreachable',
  'reachable',
  'rebooted',
  'refused',
  'accepted',
  'unmonitored',
  'other',
];

interface Entry {
  readonly alert: Alert;
  readonly told: Readonly<Record<string, number>>;
}

const DONE: Readonly<Record<Action['kind'], string>> = {
  silenced: 'silenced',
  extended: 'changed the silence of',
  unsilenced: 'ended the silence of',
  acknowledged: 'acknowledged',
  unacknowledged: 'took back the acknowledgement of',
  retried: 'retried',
  reloaded: 'read the configuration again',
  tested: 'sent a test to',
  checked: 'checked',
  diagnosed: 'diagnosed',
  started: 'started',
  stopped: 'stopped',
  restarted: 'restarted',
};

export function History() {
  if (value('alert')) return <OneAlert key={value('alert')} id={value('alert')} />;
  const actions = value('list') === 'actions';
  return (
    <>
      <h1>History</h1>
      <Tabs
        label="What happened"
        tabs={[
          { href: linkHere({ list: undefined }), here: !actions, text: 'Alerts' },
          { href: linkHere({ list: 'actions', kind: undefined }), here: actions, text: 'Actions' },
        ]}
      />
      <Filter kinds={!actions} />
      {actions ? <Actions /> : <Alerts />}
    </>
  );
}

function Alerts() {
  const filter = { host: value('host'), service: value('service'), kind: value('kind'), from: value('from'), to: value('to') };
  return (
    <Pages<Entry>
      list={JSON.stringify(filter)}
      read={async (next, signal) => {
        const page = await get('/history', { ...filter, limit: 100, next }, signal);
        return { entries: page.alerts, next: page.next };
      }}
      id={(one) => one.alert.id}
      concerns={about('alert', 'delivery')}
      none={Object.values(filter).some(Boolean) ? 'Nothing matches the filter.' : 'Nothing has happened yet.'}>
      {(all) => (
        <Table caption="Alerts, the latest first" class="history" heads={['Time', 'What', 'Became', 'Reason', 'Told', '']}>
          {all.map((one) => (
            <Row key={one.alert.id} entry={one} />
          ))}
        </Table>
      )}
    </Pages>
  );
}

/** Who did what, here and by commands. */
function Actions() {
  const filter = { host: value('host'), service: value('service'), from: value('from'), to: value('to') };
  return (
    <Pages<Action>
      list={JSON.stringify(filter)}
      read={async (next, signal) => {
        const page = await get('/actions', { ...filter, limit: 100, next }, signal);
        return { entries: page.actions, next: page.next };
      }}
      id={(one) => one.id}
      concerns={about('action', 'silence')}
      none={Object.values(filter).some(Boolean) ? 'Nothing matches the filter.' : 'Nobody has done anything yet.'}>
      {(all) => (
        <Table caption="Actions, the latest first" class="actions" heads={['Time', 'Who', 'What', 'Reason']}>
          {all.map((one) => (
            <ActionRow key={one.id} action={one} />
          ))}
        </Table>
      )}
    </Pages>
  );
}

function ActionRow({ action: one }: { action: Action }) {
  return (
    <tr>
      <td class="number">
        <Moment at={one.time} />
      </td>
      <td>{one.by ? <Name of={one.by} /> : <span class="muted">somebody</span>}</td>
      <td class="what">
        {DONE[one.kind]}{' '}
        {one.kind === 'retried' && (
          <>
            {one.host ? 'the deliveries to' : 'all dead letters for'}{' '}
            <b>
              <Name of={one.destinationName || 'all destinations'} />
            </b>
            {one.host && ' about '}
          </>
        )}
        {one.host && (
          <b>
            <Name of={scopeOf(one.host, one.service)} />
          </b>
        )}
        {one.kind === 'tested' && (
          <b>
            <Name of={one.destinationName} />
          </b>
        )}
        {one.until && (
          <small>
            until <Moment at={one.until} />
          </small>
        )}
      </td>
      <td class="reason">
        <Words of={one.reason} />
      </td>
    </tr>
  );
}

function Filter({ kinds }: { kinds: boolean }) {
  const time = (name: 'from' | 'to') => {
    const at = Date.parse(value(name));
    return Number.isNaN(at) ? '' : toInput(at, zone.value);
  };
  const setTime = (name: 'from' | 'to') => (event: Parameters<typeof valueOf>[0]) => {
    const found = fromInput(valueOf(event), zone.value);
    change({ [name]: found === null ? undefined : new Date(found).toISOString() });
  };
  return (
    <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
      <Field label="Host">
        <input
          type="search"
          value={value('host')}
          placeholder="sql*"
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => change({ host: valueOf(event) }, 'replace')}
        />
      </Field>
      <Field label="Service">
        <input
          type="search"
          value={value('service')}
          placeholder="any"
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => change({ service: valueOf(event) }, 'replace')}
        />
      </Field>
      {kinds && (
        <Field label="Kind">
          <select value={value('kind')} onChange={(event) => change({ kind: valueOf(event) })}>
            <option value="">any</option>
            {KINDS.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
        </Field>
      )}
      <Field label="From">
        <input type="datetime-local" value={time('from')} onChange={setTime('from')} />
      </Field>
      <Field label="To">
        <input type="datetime-local" value={time('to')} onChange={setTime('to')} />
      </Field>
      {['host', 'service', 'kind', 'from', 'to'].some(value) && (
        <a class="button" href={linkHere({ host: undefined, service: undefined, kind: undefined, from: undefined, to: undefined })}>
          Clear
        </a>
      )}
    </form>
  );
}

function Row({ entry: { alert, told } }: { entry: Entry }) {
  const open = useSignal(false),
    all = Object.values(told).reduce((sum, one) => sum + one, 0),
    bad = told.dead ?? 0;
  return (
    <>
      <tr class={open.value ? 'opened' : ''}>
        <td class="number">
          <Moment at={alert.time} />
        </td>
        <td class="what">
          <What alert={alert} />
        </td>
        <td>
          <Became alert={alert} />
        </td>
        <td class="reason">
          <Words of={alert.reason} />
          {alert.rootCause && (
            <small>
              caused by <Name of={alert.rootCause} />
            </small>
          )}
        </td>
        <td data-head="told">
          {alert.suppressed ? (
            <span class="muted">nobody</span>
          ) : all ? (
            <span class={bad ? 'wrong' : ''}>
              {`${told.delivered ?? 0} of ${all}`}
              {bad > 0 && <small>{bad} failed</small>}
              {!!told.pending && <small>{told.pending} waiting</small>}
            </span>
          ) : (
            <span class="muted">nobody</span>
          )}
        </td>
        <td class="buttons">
          <button
            type="button"
            aria-expanded={open.value}
            aria-label={`Who was told of ${visible(scopeOf(alert.host, alert.service))} at ${show(alert.time)}`}
            onClick={() => {
              open.value = !open.value;
            }}>
            {alert.suppressed || !all ? 'Why' : 'Who'}
          </button>
        </td>
      </tr>
      {open.value && (
        <tr class="detail">
          <td colSpan={6}>
            <Told id={alert.id} />
          </td>
        </tr>
      )}
    </>
  );
}

export function What({ alert }: { alert: Alert }) {
  return (
    <>
      {alert.service && (
        <b>
          <Name of={alert.friendlyName || alert.displayName || alert.service} />
        </b>
      )}
      {alert.service && <span class="muted"> on </span>}
      {alert.host.startsWith('credential:') ? (
        <b>
          <Name of={alert.host} />
        </b>
      ) : (
        <HostLink host={alert.host} />
      )}
    </>
  );
}

function Became({ alert }: { alert: Alert }) {
  return (
    <>
      {alert.service ? (
        <>
          <StateText state={alert.to} /> <span class="muted">was {alert.from.toLowerCase().replace('_', ' ')}</span>
        </>
      ) : (
        <StateText state={alert.to} as={visible(alert.kind)} />
      )}
      {alert.reminder > 0 && <small>reminder {alert.reminder}</small>}
    </>
  );
}

function OneAlert({ id }: { id: string }) {
  const alert = useResource(id, (signal) => get('/history/{alert}', { alert: id }, signal), about('delivery', 'alert'));
  return (
    <>
      <p>
        <a href={linkHere({ alert: undefined })}>‹ History</a>
      </p>
      <Shown of={alert}>
        {({ alert: one, deliveries }) => (
          <>
            <h1>
              {visible(scopeOf(one.host, one.service))}: {visible(one.kind)}
            </h1>
            <dl class="pairs">
              <div>
                <dt>Time</dt>
                <dd>
                  <Moment at={one.time} />
                </dd>
              </div>
              <div>
                <dt>What</dt>
                <dd>
                  <What alert={one} />
                </dd>
              </div>
              <div>
                <dt>Became</dt>
                <dd>
                  <Became alert={one} />
                </dd>
              </div>
              <div>
                <dt>Severity</dt>
                <dd>
                  <SeverityText severity={one.severity} />
                </dd>
              </div>
              {one.reason && (
                <div>
                  <dt>Reason</dt>
                  <dd>
                    <Words of={one.reason} />
                  </dd>
                </div>
              )}
              {one.serviceSet && (
                <div>
                  <dt>Service set</dt>
                  <dd>
                    <Name of={one.serviceSet} />
                  </dd>
                </div>
              )}
              {one.rootCause && (
                <div>
                  <dt>Root cause</dt>
                  <dd>
                    <Name of={one.rootCause} />
                  </dd>
                </div>
              )}
            </dl>
            <h2>Who was told</h2>
            <Deliveries alert={one} deliveries={deliveries} />
          </>
        )}
      </Shown>
      {!alert.data.value && <h1 class="unseen">Alert</h1>}
    </>
  );
}
