// Server-sent events as the HTML standard reads them (section 9.2.6), from chunks of any size.

export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export class EventParser {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];
  /** Milliseconds to wait before the next connection, where the server named them. */
  retry: number | null = null;

  /** The events that a chunk completes. */
  put(chunk: string): ServerEvent[] {
    const text = this.#rest + chunk;
    // A CR at the end may be the half of a CR LF.
    const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = lines.pop()! + text.slice(whole.length);
    const events: ServerEvent[] = [];
    for (const line of lines) {
      if (line) this.#field(line);
      else {
        if (this.#data.length || this.#event) events.push({ id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') });
        this.#data = [];
        this.#event = '';
      }
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon),
      value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
  }
}
