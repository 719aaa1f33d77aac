// For a screen on the wall: only what is wrong, and the counts. Nothing to press.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get, type Counts } from '../api';
import { AlertTable, handlingOf } from '../parts/alerts';
import { Connection, useTitle } from '../parts/bar';
import { Shown } from '../parts/frame';
import { about, useResource, type Resource } from '../resource';
import { now, zone } from '../clock';
import { clock, zoneName } from '../time';
import { Tally } from './overview';

/** Pixels above the problems, and of one of them: what does not fit is counted, because nobody can scroll there. */
const ABOVE = 330,
  ROW = 47;

export function Kiosk({ counts }: { counts: Resource<Counts> }) {
  const alerts = useResource('alerts', (signal) => get('/alerts', {}, signal), about('alert', 'silence', 'configuration', 'host'));
  const height = useSignal(innerHeight);
  useEffect(() => {
    const measure = () => {
      height.value = innerHeight;
    };
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  useTitle(counts.data.value?.alerts.open ?? null, 'Kiosk');
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">Problems</h1>
      <p class="heading">
        <Connection />
        <span class="zone">
          <span class="number">{clock(now.value, zone.value)}</span> {zoneName(zone.value, now.value)}
        </span>
      </p>
      <Shown of={counts}>{(data) => <Tally counts={data} />}</Shown>
      <Shown of={alerts}>
        {(data) => {
          const open = data.alerts.filter((alert) => handlingOf(alert) === 'open');
          return open.length ? (
            <AlertTable alerts={open} caption="Open problems" limit={Math.max(3, Math.floor((height.value - ABOVE) / ROW))} />
          ) : (
            <p class="calm">No open problems.</p>
          );
        }}
      </Shown>
    </main>
  );
}
