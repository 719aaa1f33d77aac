// What a diagnosis of a host has found, step by step.
import type { Diagnosis } from '../api';
import { Table } from './frame';
import { Moment, Words } from './text';

type Result = Diagnosis['steps'][number]['result'];

const RESULTS: Readonly<Record<Result, { readonly word: string; readonly kind: string }>> = {
  ok: { word: 'ok', kind: 'right' },
  limited: { word: 'limited', kind: 'limited' },
  FAILS: { word: 'fails', kind: 'fails' },
  'not tried': { word: 'not tried', kind: 'muted' },
};
const VERDICTS: Readonly<Record<Diagnosis['result'], string>> = {
  ok: 'The host can be watched',
  limited: 'The host can be watched, with limits',
  FAILS: 'The host cannot be watched',
};

/** One that has ended, at this time. */
export interface Ended {
  readonly at: string;
  readonly found: Diagnosis;
}

/** Null: it is under way. */
export function DiagnosisView({ ended }: { ended: Ended | null }) {
  return (
    <section aria-labelledby="diagnosis">
      <h2 id="diagnosis">Diagnosis</h2>
      <div role="status">
        {ended ? (
          <p class={ended.found.result === 'FAILS' ? 'wrong' : ''}>
            <b>{VERDICTS[ended.found.result]}</b>{' '}
            <span class="muted">
              at <Moment at={ended.at} />
            </span>
          </p>
        ) : (
          <p class="empty">Diagnosing the host. It takes at most a minute.</p>
        )}
      </div>
      {ended && (
        <Table caption="Steps of the diagnosis" class="diagnosis" heads={['Step', 'Result', 'Found', 'What to do']}>
          {ended.found.steps.map(({ step, result, found, advice }) => (
            <tr key={step}>
              <td>{step}</td>
              <td>
                <span class={`result ${RESULTS[result].kind}`}>{RESULTS[result].word}</span>
              </td>
              <td class="reason">{found && <Words of={found} />}</td>
              <td class="reason">
                {advice && (
                  <b>
                    <Words of={advice} />
                  </b>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
