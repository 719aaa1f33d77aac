// Who was told of an alert, and why others were not.
import { get, type Alert, type Delivery, type DeliveryState, type OpenAlert } from '../api';
import { now } from '../clock';
import { visible } from '../names';
import { link } from '../place';
import { about, useResource } from '../resource';
import { Empty, Shown } from './frame';
import { Moment, Name, SeverityText, Words } from './text';

const WORDS: Readonly<Record<DeliveryState, string>> = { pending: 'waiting', delivered: 'delivered', dead: 'dead letter', merged: 'merged' };

/** The deliveries of an alert of the history, by its id. */
export function Told({ id }: { id: string }) {
  const alert = useResource(id, (signal) => get('/history/{alert}', { alert: id }, signal), about('delivery', 'alert'));
  return (
    <Shown of={alert}>
      {(data) => (
        <>
          <Deliveries alert={data.alert} deliveries={data.deliveries} />
          <p class="muted">
            Kind <b>{visible(data.alert.kind)}</b>, <SeverityText severity={data.alert.severity} />.{' '}
            <a href={link('history', { alert: id })}>Permanent link</a>
          </p>
        </>
      )}
    </Shown>
  );
}

/** Who was told, or why nobody was. */
export function Deliveries({ alert, deliveries }: { alert: Alert; deliveries: readonly Delivery[] }) {
  return (
    <>
      {alert.suppressed && (
        <p>
          Nobody was told:{' '}
          <b>
            <Words of={alert.suppressed} />
          </b>
          .
        </p>
      )}
      {!alert.suppressed && !deliveries.length && <p>Nobody was told: no route leads to a destination.</p>}
      {deliveries.length > 0 && (
        <ul class="told">
          {deliveries.map((one) => (
            <li key={one.id}>
              <span class={`delivery delivery-${one.state}`}>{WORDS[one.state]}</span>
              <b>
                <Name of={one.destinationName} />
              </b>
              <span class="muted">
                {one.state === 'pending' && one.notBefore && Date.parse(one.notBefore) > now.value ? (
                  <>
                    {one.escalation ? 'an escalation, due' : 'next try'} at <Moment at={one.notBefore} />
                  </>
                ) : (
                  <Moment at={one.updated ?? one.created} />
                )}
                {one.attempts > 1 && `, ${one.attempts} attempts`}
                {one.group && ', with others in one message'}
              </span>
              <span class="muted">
                <Words of={one.detail} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The same of an alert that fires. */
export const ToldOf = ({ alert: { id, suppressed } }: { alert: OpenAlert }) =>
  id ? <Told key={id} id={id} /> : <Empty>{suppressed ? 'Nobody was told so far.' : 'The history does not hold it any more.'}</Empty>;
