// The timeline of a host: pan by dragging or the arrow keys, zoom by the wheel or the buttons, or read it as a table.
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { get, type Timeline } from '../api';
import { now, zone } from '../clock';
import { connection } from '../live';
import { matcher, visible } from '../names';
import { change, go, link, linkHere, value } from '../place';
import { useResource } from '../resource';
import { RUNNING, wordAt } from '../states';
import { palette, paper } from '../theme';
import { duration, moment } from '../time';
import { segmentAt, timeByRank, trackOf, type Track } from '../timeline';
import { Empty, Shown, Table } from './frame';
import { Name, Sign } from './text';
import { AXIS, paintTimeline, ROW, rowsInSight, type Picture } from './timeline_canvas';

const HOUR = 3_600_000;
const SPANS: Readonly<Record<string, number>> = { '1h': HOUR, '6h': 6 * HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR };
const SHORTEST = 10_000,
  LONGEST = 92 * 24 * HOUR;

interface Span {
  readonly from: number;
  readonly to: number;
  /** Whether its end moves with the time. */ readonly follows: boolean;
}

/** The span that the address names: `from` and `to`, or a length up to now. */
function spanOf(current: number): Span {
  const from = Date.parse(value('from')),
    to = Date.parse(value('to'));
  if (from < to) return { from: Math.max(from, to - LONGEST), to, follows: false };
  const length = Object.hasOwn(SPANS, value('span')) ? SPANS[value('span')]! : SPANS['24h']!;
  // About a pixel at a time, so that nothing is painted again to look the same; rounded up, so that what happens now is in it.
  const quantum = Math.max(1000, length / 1500),
    end = Math.ceil(current / quantum) * quantum;
  return { from: end - length, to: end, follows: true };
}

/** Shows a span. What ends now follows the time. */
function look(from: number, length: number, how: 'push' | 'replace'): void {
  const span = Math.min(LONGEST, Math.max(SHORTEST, length)),
    limit = now.peek();
  const end = Math.min(limit, from + span),
    preset = Object.keys(SPANS).find((name) => Math.abs(SPANS[name]! - span) < 1);
  if (preset && end >= limit) change({ span: preset === '24h' ? undefined : preset, from: undefined, to: undefined }, how);
  else change({ span: undefined, from: new Date(end - span).toISOString(), to: new Date(end).toISOString() }, how);
}

/** What is read around a span, so that panning has something to show: whole steps, so that small moves read nothing. */
function readingOf(span: Span): { from: number; to: number } {
  const length = span.to - span.from,
    step = 2 ** Math.ceil(Math.log2(length));
  return { from: Math.floor((span.from - length / 2) / step) * step, to: Math.ceil((span.to + length / 2) / step) * step };
}

/** An answer, and whether what is last in it was so when it was read. */
interface Read {
  readonly data: Timeline;
  readonly ofNow: boolean;
}

export function TimelineView({ host, labels, states }: { host: string; labels: ReadonlyMap<string, string>; states: ReadonlyMap<string, number> }) {
  const span = spanOf(now.value),
    reading = readingOf(span);
  const key = `${reading.from} ${reading.to}`;
  const timeline = useResource<Read>(
    key,
    async (signal) => {
      const current = now.peek(),
        to = Math.min(reading.to, current + 1000);
      const data = await get(
        '/hosts/{host}/timeline',
        { host, from: new Date(reading.from).toISOString(), to: new Date(to).toISOString(), points: 5000 },
        signal,
      );
      return { data, ofNow: to > current };
    },
    (changes) =>
      changes.changes.some(
        (one) => one.what === 'silence' || one.what === 'configuration' || (one.what === 'host' && one.host.toLowerCase() === host.toLowerCase()),
      ),
  );
  const table = value('view') === 'table',
    length = span.to - span.from,
    preset = span.follows ? value('span') || '24h' : '';
  return (
    <section aria-labelledby="timeline" class="timeline">
      <div class="heading">
        <h2 id="timeline">Timeline</h2>
        <p class="muted">
          {moment(span.from, zone.value, now.value)} – {span.follows ? 'now' : moment(span.to, zone.value, now.value)}{' '}
          <span class="number">({duration(length)})</span>
        </p>
        <nav class="segmented" aria-label="Length of the timeline">
          {Object.keys(SPANS).map((name) => (
            <a
              key={name}
              class="button"
              aria-current={preset === name ? 'true' : undefined}
              href={linkHere({ span: name === '24h' ? undefined : name, from: undefined, to: undefined })}>
              {name}
            </a>
          ))}
        </nav>
        <p class="segmented" role="group" aria-label="Move and zoom">
          <button type="button" aria-label="Earlier" onClick={() => look(span.from - length / 2, length, 'push')}>
            ‹
          </button>
          <button type="button" aria-label="Later" disabled={span.follows} onClick={() => look(span.from + length / 2, length, 'push')}>
            ›
          </button>
          <button type="button" aria-label="Zoom out" onClick={() => look(span.from - length / 2, length * 2, 'push')}>
            −
          </button>
          <button
            type="button"
            aria-label="Zoom in"
            onClick={() => look(span.follows ? span.to - length / 2 : span.from + length / 4, length / 2, 'push')}>
            +
          </button>
        </p>
        <a class="button" href={linkHere({ view: table ? undefined : 'table' })}>
          {table ? 'As picture' : 'As table'}
        </a>
      </div>
      <Shown of={timeline}>
        {({ data, ofNow }) => <Tracks host={host} data={data} ofNow={ofNow} span={span} labels={labels} states={states} table={table} />}
      </Shown>
    </section>
  );
}

/** Until when the last segments are known, and whether that is now. */
interface Known {
  readonly end: number;
  readonly ofNow: boolean;
}

/** When a segment ended; null: it is the last one that is known. */
const endText = (to: number | null, known: Known): string =>
  to !== null ? moment(to, zone.value, now.value) : known.ofNow ? 'now' : `after ${moment(known.end, zone.value, now.value)}`;

function Tracks({
  host,
  data,
  ofNow,
  span,
  labels,
  states,
  table,
}: {
  host: string;
  data: Timeline;
  ofNow: boolean;
  span: Span;
  labels: ReadonlyMap<string, string>;
  states: ReadonlyMap<string, number>;
  table: boolean;
}) {
  const tracks = useMemo(() => data.rows.map((row) => trackOf(row, data.letters)).sort((a, b) => Number(!!a.service) - Number(!!b.service)), [data]);
  // What was so at the end of the answer still is, as long as changes are told.
  const stream = connection.value,
    told = stream.what === 'live' ? Math.max(span.to, now.peek()) : stream.what === 'lost' ? stream.since : 0;
  const end = ofNow ? Math.max(Date.parse(data.to), told) : Date.parse(data.to),
    known = { end, ofNow };
  const label = (track: Track) => (track.service ? labels.get(track.service.toLowerCase()) || track.service : 'reached');
  if (!tracks.length) return <Empty>Nothing was seen of this host in this time.</Empty>;
  return table ? (
    <Segments tracks={tracks} known={known} span={span} label={label} />
  ) : (
    <Painted host={host} data={data} tracks={tracks} known={known} span={span} label={label} labels={labels} states={states} />
  );
}

function Painted({
  host,
  data,
  tracks,
  known,
  span,
  label,
  labels,
  states,
}: {
  host: string;
  data: Timeline;
  tracks: readonly Track[];
  known: Known;
  span: Span;
  label: (track: Track) => string;
  labels: ReadonlyMap<string, string>;
  states: ReadonlyMap<string, number>;
}) {
  const { end } = known,
    box = useRef<HTMLDivElement>(null),
    canvas = useRef<HTMLCanvasElement>(null),
    width = useSignal(0);
  const pointed = useSignal<{ x: number; y: number } | null>(null);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      width.value = box.current!.clientWidth;
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const silenced = useMemo(() => {
    const spans = data.silences.map((one) => ({
      matches: one.service ? matcher(one.service) : () => true,
      from: Date.parse(one.from),
      to: Date.parse(one.to),
      text: one.text,
    }));
    return tracks.map((track) => spans.filter((one) => one.matches(track.service)));
  }, [data, tracks]);
  const picture: Picture = { tracks, silenced, end, colours: palette.value, paper: paper.value, zone: zone.value };
  useEffect(() => {
    if (!width.value) return;
    let painted = { first: 0, last: 0 };
    const paint = () =>
      paintTimeline(canvas.current!, width.value, span.from, span.to, picture, (painted = rowsInSight(box.current!, tracks.length, 6)));
    const scrolled = () => {
      const sight = rowsInSight(box.current!, tracks.length, 1);
      if (sight.first < painted.first || sight.last > painted.last) paint();
    };
    paint();
    addEventListener('scroll', scrolled, { passive: true });
    addEventListener('resize', scrolled);
    return () => {
      removeEventListener('scroll', scrolled);
      removeEventListener('resize', scrolled);
    };
  }, [width.value, span.from, span.to, end, tracks, silenced, picture.colours, picture.zone]);
  // The words follow when the picture rests.
  const words = useSignal('');
  useEffect(() => {
    const timer = setTimeout(
      () => {
        words.value = summary(host, tracks, end, span, label);
      },
      words.peek() ? 300 : 0,
    );
    return () => clearTimeout(timer);
  }, [span.from, span.to, end, tracks]);
  const names = useMemo(
    () =>
      tracks.map((track) => (
        <li key={track.service}>
          <Sign rank={states.get(track.service.toLowerCase()) ?? -1} />
          {track.service ? <Name of={label(track)} /> : <i>reached</i>}
        </li>
      )),
    [tracks, labels, states],
  );
  useMoves(box, canvas, span, pointed);
  const time = (x: number) => span.from + (x / width.value) * (span.to - span.from);
  const row = pointed.value ? Math.floor((pointed.value.y - AXIS) / ROW) : -1;
  return (
    <div class="tracks">
      <ol class="labels" style={{ paddingTop: `${AXIS}px` }}>
        {names}
      </ol>
      <div ref={box} class="canvas" style={{ height: `${AXIS + tracks.length * ROW}px` }}>
        <canvas
          ref={canvas}
          role="img"
          tabIndex={0}
          aria-label={words.value || `Timeline of ${visible(host)}`}
          onClick={(event) => {
            const track = tracks[Math.floor((event.offsetY + canvas.current!.offsetTop - AXIS) / ROW)];
            if (track && !canvas.current!.dataset.dragged) goToHistory(host, track, time(event.offsetX), end);
          }}
        />
        {pointed.value && tracks[row] && (
          <Pointed
            track={tracks[row]!}
            x={pointed.value.x}
            y={AXIS + (row + 1) * ROW}
            width={width.value}
            time={time(pointed.value.x)}
            known={known}
            name={label(tracks[row]!)}
            silences={silenced[row]!.filter((one) => one.from <= time(pointed.value!.x) && time(pointed.value!.x) < one.to).map((one) => one.text)}
          />
        )}
      </div>
      <p class="unseen">Drag or use the arrow keys to move, the wheel or + and − to zoom, Home to come back to now.</p>
    </div>
  );
}

function goToHistory(host: string, track: Track, time: number, end: number): void {
  const segment = segmentAt(track, time);
  if (segment < 0) return;
  const to = segment + 1 < track.starts.length ? track.starts[segment + 1]! : end;
  go(
    link('history', {
      host,
      service: track.service,
      from: new Date(track.starts[segment]! - 1000).toISOString(),
      to: new Date(to + 1000).toISOString(),
    }),
  );
}

/** Dragging, wheel and keys. The view is replaced while it moves, so that going back does not go through each step. */
function useMoves(
  box: { readonly current: HTMLElement | null },
  canvas: { readonly current: HTMLCanvasElement | null },
  span: Span,
  pointed: { value: { x: number; y: number } | null },
): void {
  const current = useRef(span);
  current.current = span;
  useEffect(() => {
    const element = canvas.current!,
      rows = box.current!; // the canvas follows the page a moment later: it is not always below the pointer
    let drag: { x: number; from: number } | null = null;
    const length = () => current.current.to - current.current.from;
    const perPixel = () => length() / element.clientWidth;
    const zoom = (factor: number, share: number) => {
      const middle = current.current.from + length() * share,
        wanted = length() * factor;
      look(middle - wanted * share, wanted, 'replace');
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      drag = { x: event.clientX, from: current.current.from };
      delete element.dataset.dragged;
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      const { left, top } = rows.getBoundingClientRect();
      pointed.value = { x: event.clientX - left, y: event.clientY - top };
      if (!drag || (!element.dataset.dragged && Math.abs(event.clientX - drag.x) < 4)) return;
      element.dataset.dragged = 'yes';
      pointed.value = null;
      look(drag.from - (event.clientX - drag.x) * perPixel(), length(), 'replace');
    };
    const up = () => {
      drag = null;
    };
    const leave = () => {
      pointed.value = null;
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) look(current.current.from + event.deltaX * perPixel(), length(), 'replace');
      else zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / element.clientWidth);
    };
    const key = (event: KeyboardEvent) => {
      const moves: Record<string, () => void> = {
        ArrowLeft: () => look(current.current.from - length() / 8, length(), 'replace'),
        ArrowRight: () => look(current.current.from + length() / 8, length(), 'replace'),
        '+': () => zoom(0.5, 0.5),
        '=': () => zoom(0.5, 0.5),
        '-': () => zoom(2, 0.5),
        Home: () => look(now.peek() - length(), length(), 'replace'),
      };
      const found = moves[event.key];
      if (!found || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      found();
    };
    element.addEventListener('pointerdown', down);
    rows.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    rows.addEventListener('pointerleave', leave);
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('keydown', key);
    return () => {
      element.removeEventListener('pointerdown', down);
      rows.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      rows.removeEventListener('pointerleave', leave);
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('keydown', key);
    };
  }, []);
}

/** What the pointer is at: the segment under it, and what silences it. */
function Pointed({
  track,
  x,
  y,
  width,
  time,
  known,
  name,
  silences,
}: {
  track: Track;
  x: number;
  y: number;
  width: number;
  time: number;
  known: Known;
  name: string;
  silences: readonly string[];
}) {
  const segment = segmentAt(track, time);
  if (segment < 0 || time > known.end) return null;
  const from = track.starts[segment]!,
    to = segment + 1 < track.starts.length ? track.starts[segment + 1]! : null;
  return (
    <div class="pointed" style={{ left: `${Math.min(x, Math.max(0, width - 260))}px`, top: `${y}px` }}>
      <p>
        <Sign rank={track.ranks[segment]!} /> <b>{track.service ? visible(name) : 'Host'}</b>{' '}
        {track.service ? wordAt(track.ranks[segment]!) : track.ranks[segment] === RUNNING ? 'reached' : 'not reached'}
      </p>
      <p class="number">
        {moment(from, zone.value, now.value)} – {endText(to, known)} ({duration((to ?? known.end) - from)})
      </p>
      {silences.map((text) => (
        <p key={text} class="muted">
          {visible(text)}
        </p>
      ))}
      {track.thinned && <p class="muted">Zoom in to see each change.</p>}
    </div>
  );
}

/** The picture in words. */
function summary(host: string, tracks: readonly Track[], end: number, span: Span, label: (track: Track) => string): string {
  const wrong = tracks.flatMap((track) => {
    const times = [...timeByRank(track, end, span.from, span.to)].filter(([rank]) => rank >= 0 && rank !== RUNNING).sort(([a], [b]) => b - a);
    return times.length
      ? [`${visible(label(track))}: ${times.map(([rank, time]) => `${track.service ? wordAt(rank) : 'not reached'} ${duration(time)}`).join(', ')}`]
      : [];
  });
  const rest = wrong.length > 8 ? `; and ${wrong.length - 8} more` : '';
  return `Timeline of ${visible(host)}, ${duration(span.to - span.from)}. ${wrong.length ? wrong.slice(0, 8).join('; ') + rest : 'All ran the whole time'}.`;
}

const MOST_SEGMENTS = 500;

/** The same as a table, the latest first. */
function Segments({ tracks, known, span, label }: { tracks: readonly Track[]; known: Known; span: Span; label: (track: Track) => string }) {
  const found = [];
  for (const track of tracks) {
    for (let segment = Math.max(0, segmentAt(track, span.from)); segment < track.starts.length && track.starts[segment]! < span.to; segment++) {
      if (track.ranks[segment]! >= 0)
        found.push({
          track,
          from: track.starts[segment]!,
          to: segment + 1 < track.starts.length ? track.starts[segment + 1]! : null,
          rank: track.ranks[segment]!,
        });
    }
  }
  found.sort((a, b) => b.from - a.from);
  return (
    <>
      <Table caption="Segments of the timeline" class="segments" heads={['From', 'To', 'For', 'Service', 'State']}>
        {found.slice(0, MOST_SEGMENTS).map((one) => (
          <tr key={`${one.track.service} ${one.from}`}>
            <td class="number">{moment(one.from, zone.value, now.value)}</td>
            <td class="number">{endText(one.to, known)}</td>
            <td class="number">{duration((one.to ?? known.end) - one.from)}</td>
            <td>{one.track.service ? <Name of={label(one.track)} /> : <i>the host</i>}</td>
            <td>
              <span class="state">
                <Sign rank={one.rank} />
                {one.track.service ? wordAt(one.rank) : one.rank === RUNNING ? 'reached' : 'not reached'}
              </span>
            </td>
          </tr>
        ))}
      </Table>
      {found.length > MOST_SEGMENTS && (
        <p class="muted">
          The latest {MOST_SEGMENTS} of {found.length}. A shorter time shows them all.
        </p>
      )}
    </>
  );
}
