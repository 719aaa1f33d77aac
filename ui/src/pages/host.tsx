// One host: how it is reached, its timeline, its services.
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { get, post, type Host, type Service } from '../api';
import { now } from '../clock';
import { DiagnosisView, type Ended } from '../parts/diagnosis';
import { Action, Empty, Opener, Shown, Table } from '../parts/frame';
import { askAcknowledge, askControl, askSilence, scopeOf, takeBack } from '../parts/dialogs';
import { Age, Moment, Name, SeverityText, StateText, Words } from '../parts/text';
import { TimelineView } from '../parts/timeline_view';
import { compareNames, sameName, visible } from '../names';
import { link } from '../place';
import type { Changes } from '../live';
import { useEvery, useResource } from '../resource';
import { rankOf, RUNNING } from '../states';
import { shortDuration } from '../time';

export function HostPage({ name }: { name: string }) {
  const concerns = (changes: Changes) => changes.changes.some((one) => one.what !== 'delivery' && (one.what !== 'host' || sameName(one.host, name)));
  const host = useResource(name, (signal) => get('/hosts/{host}', { host: name }, signal), concerns);
  const services = useResource(name, (signal) => get('/hosts/{host}/services', { host: name }, signal), concerns);
  useEvery(10_000, host);
  const all = services.data.value?.services;
  const labels = useMemo(() => new Map(all?.map((one) => [one.name.toLowerCase(), one.friendlyName || one.displayName])), [all]);
  const reached = host.data.value?.reached;
  const states = useMemo(
    () =>
      new Map([
        ...(all ?? []).map((one) => [one.name.toLowerCase(), rankOf(one.state)] as const),
        ['', reached === null ? -1 : reached ? RUNNING : rankOf('UNKNOWN')] as const,
      ]),
    [all, reached],
  );
  // Kept as it is while the timeline moves. Why a host is not reached is said once.
  const error = host.data.value?.error ?? '',
    control = host.data.value?.control ?? false;
  const table = useMemo(
    () =>
      all &&
      (all.length ? <Services host={name} hostError={error} control={control} services={all} /> : <Empty>No service of this host is watched.</Empty>),
    [all, name, error, control],
  );
  /** Undefined: nobody has asked for one. Null: it is under way. */
  const diagnosis = useSignal<Ended | null | undefined>(undefined);
  const diagnose = async () => {
    diagnosis.value = null;
    try {
      const found = await post('/hosts/{host}/diagnosis', { host: name }, {});
      diagnosis.value = { at: new Date(now.peek()).toISOString(), found };
    } catch (error) {
      diagnosis.value = undefined;
      throw error;
    }
    return null;
  };
  return (
    <>
      <div class="heading">
        <h1>
          <Name of={host.data.value?.name ?? name} />
        </h1>
        <p class="buttons">
          <Action
            work={async () => {
              await post('/hosts/{host}/check', { host: name }, {});
              return { text: `Checking ${visible(name)} now.` };
            }}>
            Check now
          </Action>
          {host.data.value && host.data.value.source !== 'cluster' && (
            <Action class={reached === false ? 'main' : undefined} work={diagnose}>
              {reached === false ? 'Why is it not reached?' : 'Diagnose'}
            </Action>
          )}
          <Opener open={() => askSilence(name)}>Silence host</Opener>
          <a class="button" href={link('history', { host: name })}>
            History
          </a>
        </p>
      </div>
      <Shown of={host}>{(data) => <Reached host={data} />}</Shown>
      {diagnosis.value !== undefined && <DiagnosisView ended={diagnosis.value} />}
      {host.data.value && <TimelineView host={name} labels={labels} states={states} />}
      {host.data.value && (
        <section aria-labelledby="services">
          <h2 id="services">Services</h2>
          <Shown of={services}>{() => table}</Shown>
        </section>
      )}
    </>
  );
}

function Reached({ host }: { host: Host }) {
  return (
    <>
      <p class="facts">
        {host.reached === null ? (
          <span>Not checked yet in this run</span>
        ) : host.reached ? (
          <span>
            Reached{' '}
            {host.checked && (
              <>
                <Age since={host.checked} /> ago
              </>
            )}
            {host.roundTripSeconds !== null && ` in ${shortDuration(host.roundTripSeconds)}`}
          </span>
        ) : (
          <strong class="wrong">
            Not reached{' '}
            {host.since && (
              <>
                for <Age since={host.since} />
              </>
            )}
          </strong>
        )}
        {host.bootedAt && (
          <span>
            up for <Age since={host.bootedAt} />
          </span>
        )}
        {host.address && !sameName(host.address, host.name) && (
          <span>
            at <Name of={host.address} />
          </span>
        )}
        <span>{host.source === 'cluster' ? 'a service cluster' : `by ${host.source}`}</span>
        <span>
          {host.watched} {host.watched === 1 ? 'service' : 'services'} watched
        </span>
      </p>
      {host.error && (
        <p class="problem">
          <Words of={host.error} />
        </p>
      )}
    </>
  );
}

/** What is not as expected comes first. */
function Services({ host, hostError, control, services }: { host: string; hostError: string; control: boolean; services: readonly Service[] }) {
  const sorted = [...services].sort(
    (a, b) => Number(a.asExpected) - Number(b.asExpected) || (a.asExpected ? 0 : rankOf(b.state) - rankOf(a.state)) || compareNames(a.name, b.name),
  );
  return (
    <Table caption="Services of the host" class="services" heads={['State', 'Service', 'For', 'Process', 'Start', 'Watched by', 'Alert', '']}>
      {sorted.map((service) => (
        <Row key={service.name} host={host} hostError={hostError} control={control} service={service} />
      ))}
    </Table>
  );
}

function Row({ host, hostError, control, service }: { host: string; hostError: string; control: boolean; service: Service }) {
  const { alert } = service,
    scope = scopeOf(host, service.name),
    what = visible(scope);
  return (
    <tr class={service.asExpected ? '' : 'troubled'}>
      <td>
        <StateText state={service.state} />
      </td>
      <td class="what">
        <b>
          <Name of={service.friendlyName || service.displayName || service.name} />
        </b>
        {(service.friendlyName || service.displayName) !== service.name && (
          <small>
            <Name of={service.name} />
          </small>
        )}
        {service.error && service.error !== hostError && (
          <small class="wrong">
            <Words of={service.error} />
          </small>
        )}
      </td>
      <td class="number" data-head="for">
        {service.since ? <Age since={service.since} /> : '–'}
      </td>
      <td class="number" data-head="process">
        {service.processId !== null ? service.processId : service.exitCode !== null ? `exit ${service.exitCode}` : '–'}
      </td>
      <td data-head="start">{service.startMode || '–'}</td>
      <td data-head="watched by">{service.entry ? <Name of={service.entry} /> : '–'}</td>
      <td class="reason">
        {alert && (
          <>
            <SeverityText severity={alert.severity} />
            {alert.suppressed ? (
              <small>
                <Words of={alert.suppressed} />
              </small>
            ) : alert.acknowledged ? (
              <small>
                acknowledged by <Name of={alert.acknowledged.by || 'somebody'} /> at <Moment at={alert.acknowledged.at} />
              </small>
            ) : (
              alert.reason && (
                <small>
                  <Words of={alert.reason} />
                </small>
              )
            )}
          </>
        )}
      </td>
      <td class="buttons">
        {alert &&
          (alert.acknowledged ? (
            <Action label={`Take back the acknowledgement of ${what}`} work={() => takeBack(alert.acknowledged!.id, what)}>
              Take back
            </Action>
          ) : (
            <Opener label={`Acknowledge ${what}`} open={() => askAcknowledge(alert)}>
              Acknowledge
            </Opener>
          ))}
        {control && (
          <Opener label={`Start/stop ${what}`} open={() => askControl(host, service)}>
            Start/stop
          </Opener>
        )}
        {!alert?.suppressed && (
          <Opener label={`Silence ${what}`} open={() => askSilence(scope)}>
            Silence
          </Opener>
        )}
      </td>
    </tr>
  );
}
