// tocsin itself.
import { BASE, get, logIn, token } from '../api';
import { session } from '../session';
import { Shown } from '../parts/frame';
import { Age, Moment, Name } from '../parts/text';
import { about, useEvery, useResource } from '../resource';
import { shortDuration } from '../time';

const bytes = (number: number): string => (number < 1 << 20 ? `${(number / 1024).toFixed(0)} KiB` : `${(number / (1 << 20)).toFixed(1)} MiB`);

export function About() {
  const status = useResource('status', (signal) => get('/status', {}, signal), about('configuration')),
    who = session.value;
  useEvery(10_000, status);
  return (
    <>
      <h1>About</h1>
      <Shown of={status}>
        {(data) => (
          <dl class="pairs">
            <div>
              <dt>Version</dt>
              <dd>tocsin {data.version}</dd>
            </div>
            <div>
              <dt>Started</dt>
              <dd>
                <Moment at={data.started} />{' '}
                <span class="muted">
                  <Age since={data.started} /> ago
                </span>
              </dd>
            </div>
            <div>
              <dt>Time zone of the machine</dt>
              <dd>{data.timeZone || 'not known'}</dd>
            </div>
            <div>
              <dt>Store</dt>
              <dd>{bytes(data.storeBytes)}</dd>
            </div>
            <div>
              <dt>Lag of the run loop</dt>
              <dd>{shortDuration(data.loopLagSeconds)}</dd>
            </div>
            <div>
              <dt>Threads that are stuck</dt>
              <dd class={data.stuckThreads ? 'wrong' : ''}>{data.stuckThreads}</dd>
            </div>
            <div>
              <dt>Lost log lines</dt>
              <dd class={data.lostLogLines ? 'wrong' : ''}>{data.lostLogLines}</dd>
            </div>
            <div>
              <dt>Dashboards that listen</dt>
              <dd>{data.streams}</dd>
            </div>
            <div>
              <dt>You</dt>
              <dd>
                {who?.name ? (
                  <>
                    <Name of={who.name} />, who
                  </>
                ) : (
                  'Nobody logged in; you'
                )}{' '}
                may {who?.role === 'act' ? 'act' : 'read'}
              </dd>
            </div>
          </dl>
        )}
      </Shown>
      {token.value && (
        <p>
          <button type="button" onClick={() => logIn('')}>
            Log out
          </button>
        </p>
      )}
      <p>
        <a href={`${BASE}metrics`} target="_blank" rel="noopener">
          Metrics
        </a>{' '}
        ·{' '}
        <a href={`${BASE}openapi.yaml`} target="_blank" rel="noopener">
          openapi.yaml
        </a>
      </p>
    </>
  );
}
