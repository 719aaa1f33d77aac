// The grid of hosts: cards while there are few, squares on a canvas when there are many. Only cards in sight are in the page.
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { isTroubled, shownRank, type Fleet } from '../fleet';
import { visible } from '../names';
import { inkOn } from '../palette';
import { go, link } from '../place';
import { signAt, toneAt, wordAt } from '../states';
import { palette, paper } from '../theme';
import { Name, Sign } from './text';

/** What a host is like, in words. */
function describe(fleet: Fleet, at: number): string {
  if (!fleet.reached[at]) return 'not reached';
  return `${fleet.running[at]} of ${fleet.services[at]} running${isTroubled(fleet, at) ? `, worst ${wordAt(fleet.worst[at]!)}` : ''}`;
}

/** The width of an element, as it is now. */
function useWidth(ref: { readonly current: HTMLElement | null }): number {
  const width = useSignal(0);
  useLayoutEffect(() => {
    const element = ref.current!;
    const observer = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    observer.observe(element);
    width.value = element.clientWidth;
    return () => observer.disconnect();
  }, []);
  return width.value;
}

const CARD_WIDTH = 190,
  CARD_HEIGHT = 34,
  SPARE_ROWS = 6;

export function Cards({ fleet, hosts, version }: { fleet: Fleet; hosts: readonly number[]; version: number }) {
  const box = useRef<HTMLUListElement>(null),
    width = useWidth(box),
    first = useSignal(0),
    rows = useSignal(30);
  const columns = Math.max(1, Math.floor(width / CARD_WIDTH)),
    all = Math.ceil(hosts.length / columns);
  useEffect(() => {
    const look = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      first.value = Math.max(0, Math.floor(-top / CARD_HEIGHT / SPARE_ROWS) * SPARE_ROWS - SPARE_ROWS);
      rows.value = Math.ceil(innerHeight / CARD_HEIGHT) + 3 * SPARE_ROWS;
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [hosts.length, columns]);
  const from = Math.min(first.value, Math.max(0, all - 1)) * columns,
    to = Math.min(hosts.length, from + rows.value * columns);
  return (
    <ul ref={box} class="cards" data-version={version} style={{ height: `${all * CARD_HEIGHT}px` }}>
      {hosts.slice(from, to).map((at, offset) => {
        const place = from + offset,
          row = Math.floor(place / columns),
          column = place % columns;
        return (
          <li
            key={at}
            aria-setsize={hosts.length}
            aria-posinset={place + 1}
            style={{ top: `${row * CARD_HEIGHT}px`, left: `${(column * 100) / columns}%`, width: `${100 / columns}%` }}>
            <a href={link('host', { host: fleet.names[at]! })} class={isTroubled(fleet, at) ? 'card troubled' : 'card'} title={describe(fleet, at)}>
              <Sign rank={shownRank(fleet, at)} />
              <Name of={fleet.names[at]!} />
              <span class="number">{fleet.reached[at] ? `${fleet.running[at]}/${fleet.services[at]}` : '–'}</span>
              <span class="unseen">{describe(fleet, at)}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

const CELL = 17;

export function Squares({ fleet, hosts, version }: { fleet: Fleet; hosts: readonly number[]; version: number }) {
  const box = useRef<HTMLDivElement>(null),
    canvas = useRef<HTMLCanvasElement>(null),
    width = useWidth(box);
  const chosen = useSignal(-1),
    columns = Math.max(1, Math.floor(width / CELL)),
    rows = Math.ceil(hosts.length / columns);
  const colours = palette.value,
    ground = paper.value;
  useEffect(() => {
    if (width) paintSquares(canvas.current!, fleet, hosts, columns, rows, colours, ground, chosen.value);
  }, [fleet, hosts, version, columns, colours, chosen.value]);
  const find = (event: MouseEvent): number => {
    const x = Math.floor(event.offsetX / CELL),
      y = Math.floor(event.offsetY / CELL),
      place = y * columns + x;
    return x < columns && place < hosts.length ? place : -1;
  };
  const open = (place: number) => {
    const at = hosts[place];
    if (at !== undefined) go(link('host', { host: fleet.names[at]! }));
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -hosts.length, End: hosts.length }[event.key];
    if (event.key === 'Enter' && chosen.value >= 0) open(chosen.value);
    if (step === undefined) return;
    event.preventDefault();
    chosen.value = Math.min(hosts.length - 1, Math.max(0, chosen.value + step));
  };
  const troubled = hosts.filter((at) => isTroubled(fleet, at)).length,
    at = hosts[chosen.value];
  return (
    <div ref={box} class="squares">
      <canvas
        ref={canvas}
        role="img"
        tabIndex={0}
        aria-label={`${hosts.length} hosts, ${troubled} of them with problems. The arrow keys choose a host, Enter opens it; the list says the same in words.`}
        onMouseMove={(event) => {
          chosen.value = find(event);
        }}
        onMouseLeave={() => {
          chosen.value = -1;
        }}
        onClick={(event) => open(find(event))}
        onKeyDown={move}
      />
      <p class="chosen" aria-live="polite">
        {at === undefined ? (
          <span class="muted">Point at a square, or move with the arrow keys.</span>
        ) : (
          <>
            <Sign rank={shownRank(fleet, at)} /> <b>{visible(fleet.names[at]!)}</b> {describe(fleet, at)}
          </>
        )}
      </p>
    </div>
  );
}

/** What runs is a small square, what does not a full one with its letter. */
function paintSquares(
  canvas: HTMLCanvasElement,
  fleet: Fleet,
  hosts: readonly number[],
  columns: number,
  rows: number,
  colours: typeof palette.value,
  ground: typeof paper.value,
  chosen: number,
): void {
  const scale = devicePixelRatio || 1,
    context = canvas.getContext('2d', { alpha: false })!;
  canvas.width = Math.round(columns * CELL * scale);
  canvas.height = Math.round(rows * CELL * scale);
  canvas.style.width = `${columns * CELL}px`;
  canvas.style.height = `${rows * CELL}px`;
  context.scale(scale, scale);
  context.fillStyle = ground.page;
  context.fillRect(0, 0, columns * CELL, rows * CELL);
  context.font = 'bold 10px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  hosts.forEach((at, place) => {
    const x = (place % columns) * CELL,
      y = Math.floor(place / columns) * CELL,
      rank = shownRank(fleet, at),
      tone = toneAt(rank),
      colour = colours[tone];
    context.fillStyle = colour;
    if (tone === 'running') {
      context.fillRect(x + 4, y + 4, CELL - 8, CELL - 8);
      context.strokeStyle = ground.muted;
      context.globalAlpha = 0.5;
      context.strokeRect(x + 4.5, y + 4.5, CELL - 9, CELL - 9);
      context.globalAlpha = 1;
    } else {
      context.fillRect(x + 1, y + 1, CELL - 2, CELL - 2);
      context.fillStyle = inkOn(colour);
      context.fillText(signAt(rank), x + CELL / 2, y + CELL / 2 + 0.5);
    }
  });
  if (chosen >= 0) {
    context.strokeStyle = ground.mark;
    context.lineWidth = 2;
    context.strokeRect((chosen % columns) * CELL + 1, Math.floor(chosen / columns) * CELL + 1, CELL - 2, CELL - 2);
  }
}
