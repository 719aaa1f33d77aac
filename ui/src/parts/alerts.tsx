// The table of alerts that fire now.
import { useSignal } from '@preact/signals';
import type { OpenAlert } from '../api';
import { visible } from '../names';
import { kiosk, link } from '../place';
import { Action, Opener, Table } from './frame';
import { askAcknowledge, askSilence, scopeOf, takeBack } from './dialogs';
import { ToldOf } from './told';
import { Age, count, Moment, Name, SeverityText, StateText, Words } from './text';

export type Handling = 'open' | 'acknowledged' | 'silenced';

/** How an alert is handled. What is both silenced and acknowledged counts as silenced, as at the server. */
export const handlingOf = (alert: OpenAlert): Handling => (alert.suppressed ? 'silenced' : alert.acknowledged ? 'acknowledged' : 'open');

/** So many are shown before more are asked for. */
const PORTION = 25;

/** `limit`: show so many and only say how many more there are. */
export function AlertTable({ alerts, caption, limit }: { alerts: readonly OpenAlert[]; caption: string; limit?: number }) {
  const portion = useSignal(PORTION),
    shown = limit ?? portion.value,
    rest = alerts.length - shown;
  return (
    <>
      <Table caption={caption} class="alerts" heads={['State', 'What', 'For', 'Reason', 'Severity', '']}>
        {alerts.slice(0, shown).map((alert) => (
          <Row key={`${alert.about} ${alert.host}/${alert.service}`} alert={alert} />
        ))}
      </Table>
      {rest > 0 &&
        (limit !== undefined ? (
          <p class="muted">and {count(rest, 'more', 'more')}</p>
        ) : (
          <p>
            <button
              type="button"
              onClick={() => {
                portion.value += 10 * PORTION;
              }}>
              Show {count(Math.min(rest, 10 * PORTION), 'more', 'more')}
            </button>
          </p>
        ))}
    </>
  );
}

function Row({ alert }: { alert: OpenAlert }) {
  const what = visible(scopeOf(alert.host, alert.service)),
    open = useSignal(false);
  return (
    <>
      <tr class={`${handlingOf(alert)} ${open.value ? 'opened' : ''}`}>
        <td>
          {alert.about === 'host' && alert.state === 'UNKNOWN' ? (
            <StateText state={alert.state} as="not reached" />
          ) : (
            <StateText state={alert.state} />
          )}
        </td>
        <td class="what">
          {alert.service && (
            <b>
              <Name of={alert.friendlyName || alert.displayName || alert.service} />
            </b>
          )}
          {alert.service ? (
            <>
              <span class="muted"> on </span>
              <HostLink host={alert.host} />
            </>
          ) : (
            <b>{alert.about === 'host' ? <HostLink host={alert.host} /> : <Name of={alert.host} />}</b>
          )}
        </td>
        <td class="number">{alert.since ? <Age since={alert.since} /> : '–'}</td>
        <td class="reason">
          <Words of={alert.reason || alert.kind} />
          {alert.suppressed && (
            <small>
              <Words of={alert.suppressed} />
            </small>
          )}
          {alert.acknowledged && (
            <small>
              acknowledged by <Name of={alert.acknowledged.by || 'somebody'} /> at <Moment at={alert.acknowledged.at} />
              {alert.acknowledged.reason && (
                <>
                  : <Words of={alert.acknowledged.reason} />
                </>
              )}
            </small>
          )}
        </td>
        <td>
          <SeverityText severity={alert.severity} />
        </td>
        <td class="buttons">
          <button
            type="button"
            aria-expanded={open.value}
            aria-label={`Who was told of ${what}`}
            onClick={() => {
              open.value = !open.value;
            }}>
            Who
          </button>
          <a class="button" href={link('history', { host: alert.host, service: alert.service })} aria-label={`History of ${what}`}>
            History
          </a>
          {alert.acknowledged ? (
            <Action label={`Take back the acknowledgement of ${what}`} work={() => takeBack(alert.acknowledged!.id, what)}>
              Take back
            </Action>
          ) : (
            alert.about !== 'credential' && (
              <Opener label={`Acknowledge ${what}`} open={() => askAcknowledge(alert)}>
                Acknowledge
              </Opener>
            )
          )}
          {!alert.suppressed && alert.about !== 'credential' && (
            <Opener label={`Silence ${what}`} open={() => askSilence(scopeOf(alert.host, alert.service))}>
              Silence
            </Opener>
          )}
        </td>
      </tr>
      {open.value && (
        <tr class="detail">
          <td colSpan={6}>
            <ToldOf alert={alert} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A host's name, which leads to its page where there is one. */
export const HostLink = ({ host }: { host: string }) =>
  kiosk.value ? (
    <Name of={host} />
  ) : (
    <a href={link('host', { host })}>
      <Name of={host} />
    </a>
  );
