// Small pieces of text: names, times, states.
import { useComputed } from '@preact/signals';
import { now, show, zone } from '../clock';
import { visible } from '../names';
import { rankOf, signAt, toneAt, wordAt } from '../states';
import { clock, date, duration, zoneName } from '../time';

/** A name from another machine: as text, apart from the direction of what is around it, cut where it is too long. */
export const Name = ({ of }: { of: string }) => (
  <bdi class="name" title={visible(of)}>
    {visible(of)}
  </bdi>
);

/** Longer text from another machine. */
export const Words = ({ of }: { of: string }) => <bdi class="words">{visible(of)}</bdi>;

const whole = (time: number) => `${date(time, zone.value)} ${clock(time, zone.value)} ${zoneName(zone.value, time)}`;

/** How long ago something was; the time itself is in the title. */
export function Age({ since }: { since: string }) {
  const time = Date.parse(since),
    text = useComputed(() => duration(now.value - time));
  return (
    <time dateTime={since} title={whole(time)}>
      {text}
    </time>
  );
}

/** A point in time. */
export const Moment = ({ at }: { at: string }) => (
  <time dateTime={at} title={whole(Date.parse(at))}>
    {show(at)}
  </time>
);

/** The sign of a state: a letter on its colour, so that neither is needed to read the other. */
export function Sign({ rank }: { rank: number }) {
  return (
    <i class={`sign tone-${toneAt(rank)}`} aria-hidden="true">
      {signAt(rank)}
    </i>
  );
}

export function StateText({ state, as }: { state: string; as?: string }) {
  const rank = rankOf(state);
  return (
    <span class="state">
      <Sign rank={rank} />
      {as ?? wordAt(rank)}
    </span>
  );
}

export const SeverityText = ({ severity }: { severity: string }) => <span class={`severity severity-${severity}`}>{severity}</span>;

/** "1 host", "1,560 hosts". */
export const count = (number: number, one: string, many = `${one}s`): string => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
