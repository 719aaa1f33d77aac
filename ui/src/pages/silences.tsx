// Silences and maintenance windows.
import { get, type Silence } from '../api';
import { now } from '../clock';
import { visible } from '../names';
import { Action, Empty, Opener, Shown, Table, Tabs } from '../parts/frame';
import { askSilence, endSilence, extendSilence, scopeOf } from '../parts/dialogs';
import { Age, count, Moment, Name, Words } from '../parts/text';
import { linkHere, value } from '../place';
import { about, useResource } from '../resource';
import { duration } from '../time';

const HOUR = 3_600_000;

export function Silences() {
  const ended = value('ended') === 'true';
  const silences = useResource(String(ended), (signal) => get('/silences', { ended }, signal), about('silence', 'configuration'));
  return (
    <>
      <div class="heading">
        <h1>Silences</h1>
        <p class="buttons">
          <Opener open={() => askSilence('')}>New silence</Opener>
        </p>
      </div>
      <Tabs
        label="Which silences"
        tabs={[
          { href: linkHere({ ended: undefined }), here: !ended, text: 'Active' },
          { href: linkHere({ ended: 'true' }), here: ended, text: 'With ended ones' },
        ]}
      />
      <Shown of={silences}>
        {(data) => (
          <>
            {data.silences.length ? (
              <Table caption="Silences" class="silences" heads={['What', 'Until', 'Reason', 'By', '']}>
                {[...data.silences]
                  .sort((a, b) => Number(b.active) - Number(a.active) || Date.parse(a.end) - Date.parse(b.end))
                  .map((one) => (
                    <Row key={one.id} silence={one} />
                  ))}
              </Table>
            ) : (
              <Empty>{ended ? 'There were no silences.' : 'Nothing is silenced.'}</Empty>
            )}
            <h2>Maintenance windows</h2>
            {data.maintenance.length ? (
              <Table caption="Maintenance windows" class="silences" heads={['Name', 'What', 'When', 'Reason']}>
                {data.maintenance.map((one) => (
                  <tr key={`${one.name} ${one.begin}`} class={one.active ? 'active' : ''}>
                    <td>
                      <b>
                        <Name of={one.name} />
                      </b>
                    </td>
                    <td>
                      {one.scopes.slice(0, 5).map((scope) => (
                        <span key={scope} class="scope">
                          <Name of={scope} />
                        </span>
                      ))}
                      {one.scopes.length > 5 && <small>and {count(one.scopes.length - 5, 'more', 'more')}</small>}
                    </td>
                    <td class="number">
                      <Until begin={one.begin} end={one.end} active={one.active} />
                    </td>
                    <td class="reason">
                      <Words of={one.reason} />
                    </td>
                  </tr>
                ))}
              </Table>
            ) : (
              <Empty>The configuration has no maintenance windows.</Empty>
            )}
          </>
        )}
      </Shown>
    </>
  );
}

function Until({ begin, end, active }: { begin: string; end: string; active: boolean }) {
  if (active)
    return (
      <>
        <Moment at={end} /> <span class="muted">in {duration(Date.parse(end) - now.value)}</span>
      </>
    );
  if (Date.parse(begin) > now.value)
    return (
      <>
        from <Moment at={begin} /> to <Moment at={end} /> <span class="muted">begins in {duration(Date.parse(begin) - now.value)}</span>
      </>
    );
  return (
    <>
      ended <Moment at={end} />{' '}
      <span class="muted">
        <Age since={end} /> ago
      </span>
    </>
  );
}

function Row({ silence }: { silence: Silence }) {
  const scope = visible(scopeOf(silence.host, silence.service)),
    goesOn = Date.parse(silence.end) > now.value;
  return (
    <tr class={silence.active ? 'active' : 'muted'}>
      <td class="what">
        <b>
          <Name of={silence.host} />
        </b>
        {silence.service ? (
          <>
            <span class="muted"> / </span>
            <b>
              <Name of={silence.service} />
            </b>
          </>
        ) : (
          <small>the host and all of its services</small>
        )}
      </td>
      <td class="number">
        <Until begin={silence.begin} end={silence.end} active={silence.active} />
      </td>
      <td class="reason">
        <Words of={silence.reason} />
      </td>
      <td data-head="by">
        <Name of={silence.by || '–'} />
      </td>
      <td class="buttons">
        {goesOn && (
          <Action label={`+1 h for the silence of ${scope}`} work={() => extendSilence(silence, HOUR)}>
            +1 h
          </Action>
        )}
        {goesOn && (
          <Action label={`End the silence of ${scope}`} work={() => endSilence(silence)}>
            End
          </Action>
        )}
        {!goesOn && (
          <Opener label={`Silence ${scope} again`} open={() => askSilence(scopeOf(silence.host, silence.service))}>
            Again
          </Opener>
        )}
      </td>
    </tr>
  );
}
