// Paints tracks into one buffer of pixels: the browser gets one image a frame instead of thousands of rectangles.
import { paintLine, type Track, type View } from '../timeline';
import { RUNNING, toneAt } from '../states';
import type { Tone } from '../states';
import { tickStep, ticks, type Zone, clock, date } from '../time';

/** Heights in CSS pixels. The names beside the canvas have rows of the same height. */
export const ROW = 24, AXIS = 22;

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

export function paintTimeline(canvas: HTMLCanvasElement, width: number, from: number, to: number, picture: Picture): void {
  const scale = devicePixelRatio || 1, { tracks, paper } = picture;
  const across = Math.max(1, Math.round(width * scale)), row = Math.round(ROW * scale), axis = Math.round(AXIS * scale);
  const down = axis + row * Math.max(1, tracks.length);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.height = `${down / scale}px`;
  }
  const context = canvas.getContext('2d', { alpha: false })!, view: View = { from, to, pixels: across };
  context.fillStyle = paper.ground;
  context.fillRect(0, 0, across, axis);
  if (tracks.length) context.putImageData(rows(context, view, row, scale, picture), 0, axis);
  paintAxis(context, view, axis, down, scale, picture);
}

function rows(context: CanvasRenderingContext2D, view: View, row: number, scale: number, picture: Picture): ImageData {
  const { tracks, colours, paper } = picture, across = view.pixels;
  const image = context.createImageData(across, row * tracks.length), pixels = new Uint32Array(image.data.buffer), line = new Int8Array(across);
  const ground = pixel(paper.ground), hatch = pixel(paper.ground, paper.muted, 0.45), nothing = pixel(paper.ground, paper.muted, 0.16), separator = pixel(paper.line);
  const fill = new Map<number, number>(), edge = new Map<number, number>();
  const full = Math.round(3 * scale), thin = Math.round(9 * scale), stripe = Math.max(6, Math.round(6 * scale)), border = Math.max(1, Math.round(scale));
  tracks.forEach((track, number) => {
    paintLine(track, picture.end, view, line);
    const top = number * row * across;
    const shaded = new Uint8Array(across);
    for (const span of picture.silenced[number] ?? []) {
      const begin = Math.floor((span.from - view.from) / (view.to - view.from) * across), end = Math.ceil((span.to - view.from) / (view.to - view.from) * across);
      shaded.fill(1, Math.max(0, begin), Math.max(0, Math.min(across, end)));
    }
    for (let x = 0; x < across; x++) {
      const rank = line[x]!, inset = rank === RUNNING ? thin : full;
      if (rank >= 0 && !fill.has(rank)) {
        fill.set(rank, pixel(colours[toneAt(rank)]));
        edge.set(rank, pixel(colours[toneAt(rank)], paper.ink, 0.25));
      }
      for (let y = 0; y < row; y++) {
        let colour = ground;
        if (y === row - 1) colour = separator;
        else if (rank >= 0 && y >= inset && y < row - 1 - inset) colour = y < inset + border || y >= row - 1 - inset - border ? edge.get(rank)! : fill.get(rank)!;
        else if (shaded[x] && (x + y) % stripe < border) colour = hatch;
        else if (rank < 0 && y >= thin && y < row - 1 - thin) colour = nothing;
        pixels[top + y * across + x] = colour;
      }
    }
  });
  return image;
}

function paintAxis(context: CanvasRenderingContext2D, view: View, axis: number, down: number, scale: number, picture: Picture): void {
  const { paper, zone } = picture, perPixel = (view.to - view.from) / view.pixels, step = tickStep(perPixel, 74 * scale);
  context.font = `${11 * scale}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  for (const time of ticks(view.from, view.to, step, zone)) {
    const x = Math.round((time - view.from) / perPixel), text = clock(time, zone);
    context.globalAlpha = 0.16;
    context.fillStyle = paper.ink;
    context.fillRect(x, axis, Math.max(1, Math.round(scale)), down - axis);
    context.globalAlpha = 1;
    context.fillStyle = paper.muted;
    const label = text === '00:00:00' || step >= 24 * 3_600_000 ? date(time, zone).slice(5) : step < 60_000 ? text : text.slice(0, 5);
    if (x + context.measureText(label).width < view.pixels) context.fillText(label, x, axis / 2);
  }
}
