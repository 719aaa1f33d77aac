// The configuration that runs, what is to be said of it, and where it leads.
import { get, post } from '../api';
import { Destinations } from '../parts/destinations';
import { Action, Empty, Field, Shown, Table, valueOf } from '../parts/frame';
import { notify } from '../parts/notices';
import { Age, Moment, Name, Words } from '../parts/text';
import { change, value } from '../place';
import { about, useEvery, useResource } from '../resource';
import { duration } from '../time';

export function Configuration() {
  const configuration = useResource('configuration', (signal) => get('/configuration', {}, signal), about('configuration'));
  useEvery(20_000, configuration);
  return (
    <>
      <h1>Configuration</h1>
      <Shown of={configuration}>
        {(data) => (
          <>
            <dl class="pairs">
              <div>
                <dt>File</dt>
                <dd>
                  <Words of={data.file} />
                </dd>
              </div>
              <div>
                <dt>Read</dt>
                <dd>
                  <Moment at={data.loadedAt} />{' '}
                  <span class="muted">
                    <Age since={data.loadedAt} /> ago
                  </span>
                </dd>
              </div>
              <div>
                <dt>On disk</dt>
                <dd>{data.differs ? <b class="wrong">Changed since: a reload reads it</b> : 'Nothing has changed since'}</dd>
              </div>
            </dl>
            <p class="buttons">
              <Action
                work={async () => {
                  const said = await post('/configuration/reload', {}, {});
                  if (said.good) return { text: said.text || 'The configuration was read again.' };
                  notify({ text: said.text }, true);
                  return null;
                }}>
                Reload
              </Action>
            </p>
            <h2>Findings</h2>
            {data.findings.length ? (
              <Table caption="Findings" class="findings" heads={['Severity', 'Finding']}>
                {data.findings.map((one, at) => (
                  <tr key={at}>
                    <td>
                      <span class={`severity severity-${one.severity === 'error' ? 'critical' : one.severity}`}>{one.severity}</span>
                    </td>
                    <td class="code">
                      <Words of={one.text} />
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty>The configuration has no findings.</Empty>
            )}
          </>
        )}
      </Shown>
      <section aria-labelledby="destinations">
        <h2 id="destinations">Destinations</h2>
        <Destinations />
      </section>
      <section aria-labelledby="routes">
        <h2 id="routes">Who would be told?</h2>
        <Routes />
      </section>
    </>
  );
}

function Routes() {
  const host = value('host'),
    service = value('service'),
    kind = value('kind');
  const routes = useResource(
    host ? `${host}\n${service}\n${kind}` : null,
    (signal) => get('/routes', { host, service, kind }, signal),
    about('configuration'),
  );
  return (
    <>
      <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
        <Field label="Host">
          <input
            value={host}
            maxLength={256}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => change({ host: valueOf(event) }, 'replace')}
          />
        </Field>
        <Field label="Service">
          <input
            value={service}
            maxLength={256}
            placeholder="the host itself"
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => change({ service: valueOf(event) }, 'replace')}
          />
        </Field>
        <Field label="Kind">
          <input
            value={kind}
            maxLength={64}
            placeholder={service ? 'stopped' : 'unreachable'}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => change({ kind: valueOf(event) }, 'replace')}
          />
        </Field>
      </form>
      {host && (
        <div aria-live="polite">
          <Shown of={routes}>
            {(data) =>
              data.destinations.length ? (
                <ul class="routes">
                  {data.destinations.map((one) => (
                    <li key={`${one.key} ${one.delaySeconds}`}>
                      <b>
                        <Name of={one.name} />
                      </b>{' '}
                      <span class="muted">{one.delaySeconds ? `escalation after ${duration(one.delaySeconds * 1000)}` : 'at once'}</span>
                    </li>
                  ))}
                </ul>
              ) : (
                <Empty>Nobody would be told.</Empty>
              )
            }
          </Shown>
        </div>
      )}
    </>
  );
}
