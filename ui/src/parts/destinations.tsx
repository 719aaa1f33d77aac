// The destinations and how their deliveries fare: on the pages of deliveries and of the configuration.
import { useSignal } from '@preact/signals';
import { get, post, type Destination } from '../api';
import { visible } from '../names';
import { link } from '../place';
import { about, useResource } from '../resource';
import { Action, Empty, Shown, Table } from './frame';
import { Age, count, Name, Words } from './text';

export function Destinations() {
  const destinations = useResource('destinations', (signal) => get('/destinations', {}, signal), about('delivery', 'configuration'));
  return (
    <Shown of={destinations}>
      {(data) =>
        data.destinations.length ? (
          <Table caption="Destinations" class="destinations" heads={['Destination', 'Waiting', 'Dead', 'Last delivered', 'Last error', '']}>
            {data.destinations.map((one) => (
              <Row key={one.key} destination={one} />
            ))}
          </Table>
        ) : (
          <Empty>No destination is configured, so nobody is told of anything.</Empty>
        )
      }
    </Shown>
  );
}

function Row({ destination: one }: { destination: Destination }) {
  const answer = useSignal<{ good: boolean; text: string } | null>(null),
    name = visible(one.name);
  const fails = one.lastError && (!one.lastDelivered || one.lastError.at > one.lastDelivered);
  return (
    <tr>
      <td>
        <b>
          <a href={link('deliveries', { destination: one.key })}>
            <Name of={one.name} />
          </a>
        </b>
        {!one.configured && <small>no longer configured</small>}
      </td>
      <td class="number" data-head="waiting">
        {one.waiting ? (
          <>
            {one.waiting}
            {one.oldest && (
              <small>
                oldest <Age since={one.oldest} />
              </small>
            )}
          </>
        ) : (
          <span class="muted">0</span>
        )}
      </td>
      <td class="number" data-head="dead">
        {one.dead ? (
          <a class="wrong" href={link('deliveries', { state: 'dead', destination: one.key })}>
            {one.dead}
          </a>
        ) : (
          <span class="muted">0</span>
        )}
      </td>
      <td class="number" data-head="last delivered">
        {one.lastDelivered ? (
          <>
            <Age since={one.lastDelivered} /> ago
          </>
        ) : (
          <span class="muted">never</span>
        )}
      </td>
      <td class="reason" data-head="last error">
        {one.lastError ? (
          <span class={fails ? 'wrong' : 'muted'}>
            <Words of={one.lastError.text} />{' '}
            <small>
              <Age since={one.lastError.at} /> ago
            </small>
          </span>
        ) : (
          <span class="muted">none</span>
        )}
        {answer.value && (
          <p class={answer.value.good ? 'answer' : 'answer wrong'} role="status">
            {answer.value.good ? 'Test delivered' : 'Test not delivered'}
            {answer.value.text && ': '}
            <Words of={answer.value.text} />
          </p>
        )}
      </td>
      <td class="buttons">
        {one.configured && (
          <Action
            label={`Send a test to ${name}`}
            work={async () => {
              answer.value = null;
              const said = await post('/destinations/{destination}/test', { destination: one.key }, {});
              answer.value = { good: said.delivered, text: said.text };
              return null;
            }}>
            Send a test
          </Action>
        )}
        {one.configured && one.dead > 0 && (
          <Action
            label={`Retry all dead letters of ${name}`}
            work={async () => {
              const said = await post('/destinations/{destination}/retry', { destination: one.key }, {});
              return { text: retried(said) };
            }}>
            Retry all
          </Action>
        )}
      </td>
    </tr>
  );
}

/** What became of a retry. A delivery cannot be called back. */
export const retried = (said: { asked: number; outdated: number }): string =>
  `Sending ${count(said.asked, 'dead letter')} again.${said.outdated ? ` ${count(said.outdated, 'is', 'are')} outdated: a later delivery about the service went out or waits.` : ''}`;
