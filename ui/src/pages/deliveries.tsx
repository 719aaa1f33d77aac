// Notifications on their way, those that failed for good, and those that arrived.
import { get, post, type Delivery, type DeliveryState } from '../api';
import { now } from '../clock';
import { visible } from '../names';
import { Destinations, retried } from '../parts/destinations';
import { Action, Table, Tabs } from '../parts/frame';
import { scopeOf } from '../parts/dialogs';
import { Pages } from '../parts/pages';
import { Age, Moment, Name, StateText, Words } from '../parts/text';
import { link, linkHere, value } from '../place';
import { about } from '../resource';
import { duration } from '../time';
import { What } from './history';

const TABS: readonly { readonly state: DeliveryState; readonly text: string; readonly none: string }[] = [
  { state: 'pending', text: 'Waiting', none: 'No delivery waits.' },
  { state: 'dead', text: 'Dead letters', none: 'There are no dead letters.' },
  { state: 'delivered', text: 'Delivered', none: 'Nothing was delivered yet.' },
  { state: 'merged', text: 'Merged', none: 'No delivery was merged into another.' },
];

export function Deliveries() {
  const tab = TABS.find((one) => one.state === value('state')) ?? TABS[0]!,
    destination = value('destination'),
    key = `${tab.state} ${destination}`;
  return (
    <>
      <h1>Deliveries</h1>
      <section aria-labelledby="destinations">
        <h2 id="destinations">Destinations</h2>
        <Destinations />
      </section>
      <h2>Notifications</h2>
      <Tabs
        label="State of the deliveries"
        tabs={TABS.map((one) => ({ href: linkHere({ state: one.state === 'pending' ? undefined : one.state }), here: one === tab, text: one.text }))}
      />
      {destination && (
        <p>
          Only for{' '}
          <b>
            <Name of={destination} />
          </b>
          . <a href={linkHere({ destination: undefined })}>All destinations</a>
        </p>
      )}
      <Pages<Delivery>
        key={key}
        list={key}
        read={async (next, signal) => {
          const page = await get('/deliveries', { state: tab.state, destination, limit: 100, next }, signal);
          return { entries: page.deliveries, next: page.next };
        }}
        id={(one) => one.id}
        concerns={about('delivery', 'alert')}
        none={tab.none}>
        {(all) => (
          <Table
            caption={tab.text}
            class="deliveries"
            heads={['Created', 'Destination', 'Alert', 'Attempts', tab.state === 'pending' ? 'Next try' : 'Last answer', '']}>
            {all.map((one) => (
              <Row key={one.id} delivery={one} />
            ))}
          </Table>
        )}
      </Pages>
    </>
  );
}

function Row({ delivery: one }: { delivery: Delivery }) {
  const wait = one.notBefore ? Date.parse(one.notBefore) - now.value : 0;
  return (
    <tr>
      <td class="number">
        <Moment at={one.created} />
      </td>
      <td>
        <Name of={one.destinationName} />
        {one.escalation && <small>escalation</small>}
        {one.group && <small>with others in one message</small>}
      </td>
      <td class="what">
        <What alert={one.alert} /> {one.alert.service ? <StateText state={one.alert.to} /> : visible(one.alert.kind)}
      </td>
      <td class="number" data-head="attempts">
        {one.attempts}
      </td>
      <td class="reason">
        {one.state === 'pending' && (
          <>
            {wait > 0 ? `in ${duration(wait)}` : 'now'}
            {one.detail && ': '}
          </>
        )}
        <Words of={one.detail} />
        {one.state !== 'pending' && one.updated && (
          <small>
            <Age since={one.updated} /> ago
          </small>
        )}
      </td>
      <td class="buttons">
        <a
          class="button"
          href={link('history', { alert: one.alert.id })}
          aria-label={`Alert about ${visible(scopeOf(one.alert.host, one.alert.service))}`}>
          Alert
        </a>
        {one.state === 'dead' && (
          <Action
            label={`Retry ${visible(one.destinationName)}: ${visible(scopeOf(one.alert.host, one.alert.service))}`}
            work={async () => {
              const said = await post('/deliveries/{delivery}/retry', { delivery: one.id }, {});
              return { text: retried(said) };
            }}>
            Retry
          </Action>
        )}
      </td>
    </tr>
  );
}
