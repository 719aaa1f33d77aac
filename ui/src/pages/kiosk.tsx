// For a screen on the wall: only what is wrong, and the counts. Nothing to press.
import { get, type Counts } from '../api';
import { AlertTable, handlingOf } from '../parts/alerts';
import { Connection, useTitle } from '../parts/bar';
import { Shown } from '../parts/frame';
import { about, useResource, type Resource } from '../resource';
import { now, zone } from '../clock';
import { clock, zoneName } from '../time';
import { Tally } from './overview';

export function Kiosk({ counts }: { counts: Resource<Counts> }) {
  const alerts = useResource('alerts', (signal) => get('/alerts', {}, signal), about('alert', 'silence', 'configuration', 'host'));
  useTitle(counts.data.value?.alerts.open ?? null, 'Kiosk');
  return <main id="main" tabIndex={-1}>
    <h1 class="unseen">Problems</h1>
    <p class="heading"><Connection /><span class="zone"><span class="number">{clock(now.value, zone.value)}</span> {zoneName(zone.value, now.value)}</span></p>
    <Shown of={counts}>{(data) => <Tally counts={data} />}</Shown>
    <Shown of={alerts}>{(data) => {
      const open = data.alerts.filter((alert) => handlingOf(alert) === 'open');
      return open.length ? <AlertTable alerts={open} caption="Open problems" /> : <p class="calm">No open problems.</p>;
    }}</Shown>
  </main>;
}
