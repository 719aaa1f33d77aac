// What is wrong, the worst first, and all hosts.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { get, type Counts, type OpenAlert } from '../api';
import { setClock } from '../clock';
import { filterFleet, fleetOf, patchFleet, type Fleet } from '../fleet';
import type { Changes } from '../live';
import { matcher } from '../names';
import { AlertTable, handlingOf, type Handling } from '../parts/alerts';
import { Empty, Shown, Tabs, valueOf } from '../parts/frame';
import { readFurther } from '../parts/further';
import { Cards, Squares } from '../parts/hosts';
import { count, Sign } from '../parts/text';
import { change, kiosk, link, linkHere, value } from '../place';
import { about, useResource, type Resource } from '../resource';
import { rankOf, STATES, word } from '../states';

/** From so many hosts on they are squares, unless cards are asked for. */
const MANY = 500;

export function Overview({ counts }: { counts: Resource<Counts> }) {
  return (
    <>
      <h1 class="unseen">Overview</h1>
      <Shown of={counts}>{(data) => <Tally counts={data} />}</Shown>
      <Problems />
      <Hosts />
    </>
  );
}

/** All counts in a row, each a link to what it counts. */
export function Tally({ counts }: { counts: Counts }) {
  const { alerts, hosts, deliveries } = counts,
    states = [...STATES].reverse().filter((state) => counts.services[state]);
  return (
    <dl class="tally">
      <Count number={alerts.open} text="open" href={link('overview')} class={alerts.open ? 'wrong' : 'right'} />
      <Count number={alerts.acknowledged} text="acknowledged" href={link('overview', { alerts: 'acknowledged' })} />
      <Count number={alerts.silenced} text="silenced" href={link('overview', { alerts: 'silenced' })} />
      <div class="break" />
      {states.map((state) => (
        <Count key={state} number={counts.services[state]!} text={word(state)} rank={rankOf(state)} href={link('overview', { state })} />
      ))}
      <div class="break" />
      <Count number={hosts.total} text={hosts.total === 1 ? 'host' : 'hosts'} href={link('overview')} />
      {hosts.unreached > 0 && <Count number={hosts.unreached} text="not reached" href={link('overview', { state: 'unreached' })} class="wrong" />}
      {hosts.unchecked > 0 && <Count number={hosts.unchecked} text="not checked yet" href={link('overview')} />}
      {deliveries.waiting > 0 && <Count number={deliveries.waiting} text="deliveries waiting" href={link('deliveries')} />}
      {deliveries.dead > 0 && (
        <Count
          number={deliveries.dead}
          text={deliveries.dead === 1 ? 'dead letter' : 'dead letters'}
          href={link('deliveries', { state: 'dead' })}
          class="wrong"
        />
      )}
    </dl>
  );
}

function Count({ number, text, href, rank, class: kind }: { number: number; text: string; href: string; rank?: number; class?: string }) {
  return (
    <div class={kind}>
      <dt>
        {rank !== undefined && <Sign rank={rank} />}
        {text}
      </dt>
      <dd>{kiosk.value ? number.toLocaleString('en') : <a href={href}>{number.toLocaleString('en')}</a>}</dd>
    </div>
  );
}

const HANDLINGS: readonly { readonly handling: Handling; readonly text: string; readonly none: string }[] = [
  { handling: 'open', text: 'Open problems', none: 'No open problems.' },
  { handling: 'acknowledged', text: 'Acknowledged', none: 'Nothing is acknowledged.' },
  { handling: 'silenced', text: 'Silenced', none: 'Nothing is silenced.' },
];

/** Whether the filter by state lets an alert through. */
const isWanted = (alert: OpenAlert, state: string): boolean =>
  state === 'unreached' ? alert.about === 'host' : !STATES.some((one) => one === state) || alert.state === state;

function Problems() {
  const alerts = useResource('alerts', (signal) => get('/alerts', {}, signal), about('alert', 'silence', 'configuration', 'host'));
  const chosen = HANDLINGS.find((one) => one.handling === value('alerts')) ?? HANDLINGS[0]!;
  const matches = matcher(value('search'));
  return (
    <section aria-labelledby="problems">
      <h2 id="problems" class="unseen">
        {chosen.text}
      </h2>
      <Shown of={alerts}>
        {({ alerts: all }) => {
          const found = all.filter(
            (alert) => [alert.host, alert.service, alert.displayName, alert.friendlyName].some(matches) && isWanted(alert, value('state')),
          );
          const these = found.filter((alert) => handlingOf(alert) === chosen.handling);
          return (
            <>
              <Tabs
                label="Alerts"
                tabs={HANDLINGS.map((one) => ({
                  href: linkHere({ alerts: one.handling === 'open' ? undefined : one.handling }),
                  here: one === chosen,
                  text: (
                    <>
                      {one.text} <b class="number">{found.filter((alert) => handlingOf(alert) === one.handling).length.toLocaleString('en')}</b>
                    </>
                  ),
                }))}
              />
              {these.length ? (
                <AlertTable alerts={these} caption={chosen.text} />
              ) : (
                <Empty>{value('search') || value('state') ? 'Nothing here matches the filter.' : chosen.none}</Empty>
              )}
            </>
          );
        }}
      </Shown>
    </section>
  );
}

/** The fleet, and a number that counts the changes written into it. */
function useFleet(): { readonly fleet: Resource<Fleet>; readonly version: number } {
  const version = useSignal(0);
  /** Changes that came while the columns were on their way. */
  const waiting = useMemo<Changes[]>(() => [], []);
  const reading = useMemo(() => ({ is: false }), []);
  const fleet: Resource<Fleet> = useResource(
    'fleet',
    async (signal) => {
      reading.is = true;
      try {
        const overview = await get('/overview', {}, signal),
          read = fleetOf(overview);
        setClock(overview.at);
        for (const changes of waiting.splice(0)) if (changes.sequence > read.sequence) patchFleet(read, changes.changes);
        return read;
      } finally {
        reading.is = false;
      }
    },
    (changes) => {
      if (changes.changes.some((one) => one.what === 'configuration')) return true;
      const read = fleet.data.peek();
      if (reading.is) waiting.push(changes);
      if (!read || changes.sequence <= read.sequence) return false;
      const known = patchFleet(read, changes.changes);
      version.value++;
      return !known;
    },
  );
  return { fleet, version: version.value };
}

function Hosts() {
  const { fleet, version } = useFleet();
  return (
    <section aria-labelledby="hosts">
      <Shown of={fleet}>{(data) => <HostGrid fleet={data} version={version} />}</Shown>
    </section>
  );
}

function HostGrid({ fleet, version }: { fleet: Fleet; version: number }) {
  useEffect(readFurther, []);
  const search = value('search'),
    state = value('state'),
    view = value('view');
  const hosts = useMemo(
    () =>
      filterFleet(fleet, {
        matches: matcher(search),
        rank: STATES.some((one) => one === state) ? rankOf(state) : null,
        what: state === 'trouble' || state === 'unreached' ? state : 'any',
      }),
    [fleet, version, search, state],
  );
  const squares = view === 'squares' || (view !== 'cards' && hosts.length > MANY);
  return (
    <>
      <div class="heading">
        <h2 id="hosts">
          Hosts{' '}
          <span class="muted number">
            {hosts.length === fleet.names.length
              ? hosts.length.toLocaleString('en')
              : `${hosts.length.toLocaleString('en')} of ${fleet.names.length.toLocaleString('en')}`}
          </span>
        </h2>
        <form role="search" class="filter" onSubmit={(event) => event.preventDefault()}>
          <input
            type="search"
            aria-label="Search hosts and problems"
            placeholder="Search, e.g. sql*"
            value={search}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => change({ search: valueOf(event) }, 'replace')}
          />
          <select aria-label="State" value={state} onChange={(event) => change({ state: valueOf(event) })}>
            <option value="">any state</option>
            <option value="trouble">with problems</option>
            <option value="unreached">not reached</option>
            <optgroup label="Worst state">
              {[...STATES].reverse().map((one) => (
                <option key={one} value={one}>
                  {word(one)}
                </option>
              ))}
            </optgroup>
          </select>
          <a class="button" href={linkHere({ view: squares ? 'cards' : 'squares' })}>
            {squares ? 'As list' : 'As squares'}
          </a>
        </form>
      </div>
      {hosts.length === 0 ? (
        <Empty>{fleet.names.length ? `None of ${count(fleet.names.length, 'host')} matches.` : 'No host is configured.'}</Empty>
      ) : squares ? (
        <Squares fleet={fleet} hosts={hosts} version={version} />
      ) : (
        <Cards fleet={fleet} hosts={hosts} version={version} />
      )}
    </>
  );
}
