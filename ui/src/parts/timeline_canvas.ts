// Paints tracks into one buffer of pixels: the browser gets one image a frame instead of thousands of rectangles.
import { paintLine, type Track, type View } from '../timeline';
import { RUNNING, STATES, toneAt, type Tone } from '../states';
import { tickStep, ticks, type Zone, clock, date } from '../time';

/** Heights in CSS pixels. The names beside the canvas have rows of the same height. */
export const ROW = 24,
  AXIS = 22;

export interface Picture {
  readonly tracks: readonly Track[];
  /** For each track the spans in which alerts were suppressed. */
  readonly silenced: readonly (readonly { readonly from: number; readonly to: number }[])[];
  /** When the last segments end. */
  readonly end: number;
  readonly colours: Readonly<Record<Tone, string>>;
  readonly paper: { readonly ground: string; readonly ink: string; readonly muted: string; readonly line: string };
  readonly zone: Zone;
}

/** A colour as a pixel of a buffer, mixed with another by a share of 0 to 1. */
function pixel(colour: string, other = colour, share = 0): number {
  const part = (at: number) => Math.round(parseInt(colour.slice(at, at + 2), 16) * (1 - share) + parseInt(other.slice(at, at + 2), 16) * share);
  return ((255 << 24) | (part(5) << 16) | (part(3) << 8) | part(1)) >>> 0;
}

/** Which tracks are painted: those from `first` up to, not including, `last`. */
export interface Rows {
  readonly first: number;
  readonly last: number;
}

/** The tracks of a box that are on the screen, and some `spare` ones around them. */
export function rowsInSight(box: HTMLElement, tracks: number, spare: number): Rows {
  const top = box.getBoundingClientRect().top + AXIS;
  return { first: Math.max(0, Math.floor(-top / ROW) - spare), last: Math.max(0, Math.min(tracks, Math.ceil((innerHeight - top) / ROW) + spare)) };
}

/** Makes the canvas as high as the rows in sight, and paints them. The axis lies on the row before them. */
export function paintTimeline(canvas: HTMLCanvasElement, width: number, from: number, to: number, picture: Picture, sight: Rows): void {
  const scale = devicePixelRatio || 1,
    { paper } = picture;
  const across = Math.max(1, Math.round(width * scale)),
    row = Math.round(ROW * scale),
    axis = Math.round(AXIS * scale);
  const down = axis + row * Math.max(1, sight.last - sight.first);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.height = `${down / scale}px`;
  }
  canvas.style.top = `${sight.first * ROW}px`;
  const context = canvas.getContext('2d', { alpha: false })!,
    view: View = { from, to, pixels: across };
  context.fillStyle = paper.ground;
  context.fillRect(0, 0, across, axis);
  if (sight.last > sight.first) context.putImageData(rows(context, view, row, scale, picture, sight), 0, axis);
  paintAxis(context, view, axis, down, scale, picture);
}

/** The buffer of the last frame: the next one is nearly always as large, and paints each pixel anew. */
let buffer: ImageData | null = null;

function rows(context: CanvasRenderingContext2D, view: View, row: number, scale: number, picture: Picture, sight: Rows): ImageData {
  const { colours, paper } = picture,
    across = view.pixels;
  const high = row * (sight.last - sight.first),
    image = buffer?.width === across && buffer.height === high ? buffer : context.createImageData(across, high),
    pixels = new Uint32Array(image.data.buffer),
    line = new Int8Array(across);
  const ground = pixel(paper.ground),
    hatch = pixel(paper.ground, paper.muted, 0.45),
    nothing = pixel(paper.ground, paper.muted, 0.5),
    separator = pixel(paper.line);
  const fill = STATES.map((_, rank) => pixel(colours[toneAt(rank)])),
    edge = STATES.map((_, rank) => pixel(colours[toneAt(rank)], paper.ink, 0.25));
  const border = Math.max(1, Math.round(scale)),
    dash = Math.round(8 * scale),
    full = Math.round(3 * scale),
    thin = Math.round(9 * scale),
    stripe = Math.max(6, Math.round(6 * scale));
  // A row has no more than these kinds of lines of pixels. Each is made once and copied: trouble fills the row, running is a thin line in its middle.
  const troubleEdge = new Uint32Array(across),
    trouble = new Uint32Array(across),
    thinEdge = new Uint32Array(across),
    middle = new Uint32Array(across);
  const none = new Uint32Array(across).fill(ground);
  const lineAt = (y: number): Uint32Array => {
    const inside = Math.min(y, row - 2 - y);
    return inside < full ? none : inside < full + border ? troubleEdge : inside < thin ? trouble : inside < thin + border ? thinEdge : middle;
  };
  buffer = image;
  for (let number = sight.first; number < sight.last; number++) {
    paintLine(picture.tracks[number]!, picture.end, view, line);
    for (let x = 0; x < across; x++) {
      const rank = line[x]!,
        isTrouble = rank >= 0 && rank !== RUNNING;
      troubleEdge[x] = isTrouble ? edge[rank]! : ground;
      trouble[x] = isTrouble ? fill[rank]! : ground;
      thinEdge[x] = isTrouble ? fill[rank]! : rank < 0 ? ground : edge[rank]!;
      middle[x] = rank < 0 ? (x % dash < border ? nothing : ground) : fill[rank]!;
    }
    const top = (number - sight.first) * row * across;
    for (let y = 0; y < row - 1; y++) pixels.set(lineAt(y), top + y * across);
    pixels.fill(separator, top + (row - 1) * across, top + row * across);
    for (const span of picture.silenced[number] ?? []) {
      const place = (time: number) => Math.max(0, Math.min(across, ((time - view.from) / (view.to - view.from)) * across));
      const begin = Math.floor(place(span.from)),
        end = Math.ceil(place(span.to));
      for (let y = 0; y < row - 1; y++)
        for (let x = begin + ((stripe - ((begin + y) % stripe)) % stripe); x < end; x += stripe)
          for (let at = top + y * across + x, last = at + Math.min(border, end - x); at < last; at++) if (pixels[at] === ground) pixels[at] = hatch;
    }
  }
  return image;
}

function paintAxis(context: CanvasRenderingContext2D, view: View, axis: number, down: number, scale: number, picture: Picture): void {
  const { paper, zone } = picture,
    perPixel = (view.to - view.from) / view.pixels,
    step = tickStep(perPixel, 74 * scale);
  context.font = `${11 * scale}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  for (const time of ticks(view.from, view.to, step, zone)) {
    const x = Math.round((time - view.from) / perPixel),
      text = clock(time, zone);
    context.globalAlpha = 0.16;
    context.fillStyle = paper.ink;
    context.fillRect(x, axis, Math.max(1, Math.round(scale)), down - axis);
    context.globalAlpha = 1;
    context.fillStyle = paper.muted;
    const label = text === '00:00:00' || step >= 24 * 3_600_000 ? date(time, zone).slice(5) : step < 60_000 ? text : text.slice(0, 5);
    if (x + context.measureText(label).width < view.pixels) context.fillText(label, x, axis / 2);
  }
}
