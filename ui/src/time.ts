// Times and durations as people read and write them.

const SECOND = 1000,
  MINUTE = 60 * SECOND,
  HOUR = 60 * MINUTE,
  DAY = 24 * HOUR;

/** How long: "8 s", "4 min", "1 h 20 min", "3 d 4 h". Milliseconds; what is negative counts as nothing. */
export function duration(milliseconds: number): string {
  const all = Math.max(0, milliseconds);
  if (all < MINUTE) return `${Math.floor(all / SECOND)} s`;
  if (all < HOUR) return `${Math.floor(all / MINUTE)} min`;
  if (all < DAY) return pair(Math.floor(all / HOUR), 'h', Math.floor((all % HOUR) / MINUTE), 'min');
  if (all < 100 * DAY) return pair(Math.floor(all / DAY), 'd', Math.floor((all % DAY) / HOUR), 'h');
  return `${Math.floor(all / DAY)} d`;
}

const pair = (large: number, unit: string, small: number, smallUnit: string) =>
  small ? `${large} ${unit} ${small} ${smallUnit}` : `${large} ${unit}`;

/** What a check takes: "12 ms", "1.4 s". */
export const shortDuration = (seconds: number): string =>
  seconds < 0.001 ? '< 1 ms' : seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;

/** Seconds of a text such as "90m", "1h 30min" or "2 d"; null where it is none. */
export function parseDuration(text: string): number | null {
  const units: Record<string, number> = { s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86400, w: 604800 };
  let rest = text.trim().toLowerCase(),
    seconds = 0;
  if (!rest) return null;
  while (rest) {
    const part = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(rest);
    const unit = part && units[part[2]!];
    if (!part || !unit) return null;
    seconds += Number(part[1]) * unit;
    rest = rest.slice(part[0].length);
  }
  return Number.isFinite(seconds) && seconds >= 1 ? Math.round(seconds) : null;
}

/** A time zone of IANA, or undefined for that of the browser. */
export type Zone = 'UTC' | undefined;

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(time: number, zone: Zone): Record<string, string> {
  const key = zone ?? '';
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(key, format);
  }
  return Object.fromEntries(format.formatToParts(time).map((part) => [part.type, part.value]));
}

/** "12:03:07". */
export const clock = (time: number, zone: Zone): string => {
  const p = parts(time, zone);
  return `${p.hour}:${p.minute}:${p.second}`;
};

/** "2026-12-01". */
export const date = (time: number, zone: Zone): string => {
  const p = parts(time, zone);
  return `${p.year}-${p.month}-${p.day}`;
};

/** "2026-12-01 12:03:07", or the clock alone on the day of `now`. */
export const moment = (time: number, zone: Zone, now: number): string =>
  date(time, zone) === date(now, zone) ? clock(time, zone) : `${date(time, zone)} ${clock(time, zone)}`;

/** The name of the zone: "UTC", or that of the browser with its distance, "Europe/Stockholm (UTC+1)". */
export function zoneName(zone: Zone, time: number): string {
  if (zone) return zone;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = -new Date(time).getTimezoneOffset(),
    hours = Math.trunc(Math.abs(offset) / 60),
    minutes = Math.abs(offset) % 60;
  const distance = `UTC${offset < 0 ? '−' : '+'}${hours}${minutes ? `:${String(minutes).padStart(2, '0')}` : ''}`;
  return offset ? `${name} (${distance})` : name;
}

/** The value of an <input type="datetime-local"> for a time. */
export const toInput = (time: number, zone: Zone): string => `${date(time, zone)}T${clock(time, zone).slice(0, 5)}`;

/** The time that such an input holds, or null. */
export function fromInput(value: string, zone: Zone): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(value)) return null;
  const time = new Date(zone ? `${value}Z` : value).getTime();
  return Number.isNaN(time) ? null : time;
}

/** How far apart the marks of an axis are, so that no two are closer than `pixels`. */
export function tickStep(millisecondsPerPixel: number, pixels: number): number {
  const steps = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
  ];
  return steps.find((step) => step >= pixels * millisecondsPerPixel) ?? 30 * DAY;
}

/** The marks of an axis between two times, at whole steps of the zone's own clock. */
export function ticks(from: number, to: number, step: number, zone: Zone): number[] {
  const offset = zone ? 0 : -new Date(from).getTimezoneOffset() * MINUTE;
  const found = [];
  for (let time = Math.ceil((from + offset) / step) * step - offset; time < to; time += step) found.push(time);
  return found;
}
