// The one stream of /events that all tabs with the same token share. It runs in the SharedWorker, or in the tab where there is none.
import { EventParser, type ServerEvent } from './sse';

/** What a tab is told. `open`: `resumed` says that nothing was missed. `lost`: since when. `refused`: the server wants a login, so there is no other attempt. */
export type Told =
  | { readonly what: 'open'; readonly resumed: boolean }
  | { readonly what: 'lost'; readonly since: number }
  | { readonly what: 'refused' }
  | { readonly what: 'event'; readonly event: ServerEvent };

/** The server sends a comment every 15 s; three missing ones are a dead connection. */
const SILENCE_MS = 45_000;
const SHORTEST_WAIT_MS = 1000,
  LONGEST_WAIT_MS = 15_000;
/** A proxy that holds answers back until they end never lets the stream begin. */
const OPENING_MS = 10_000;

export class Connection {
  #lastId = '';
  #abort: AbortController | null = null;
  #lostAt = 0;
  #wait = SHORTEST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  /** What one who joins late is told first. */
  state: Told | null = null;

  constructor(
    readonly url: string,
    readonly token: string,
    readonly tell: (told: Told) => void,
  ) {}

  start(): void {
    if (this.#abort) return;
    clearTimeout(this.#timer);
    void this.#run((this.#abort = new AbortController()));
  }

  /** Ends the stream. A later start() asks for what was missed. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
  }

  #say(told: Told): void {
    if (told.what !== 'event') this.state = told;
    this.tell(told);
  }

  async #run(abort: AbortController): Promise<void> {
    const resumes = this.#lastId !== '';
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (resumes) headers['Last-Event-ID'] = this.#lastId;
    this.#watchdog = setTimeout(() => abort.abort(), OPENING_MS);
    try {
      const answer = await fetch(this.url, { headers, signal: abort.signal, cache: 'no-store' });
      if (answer.status === 401) {
        this.stop();
        this.#say({ what: 'refused' });
        return;
      }
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      this.#lostAt = 0;
      this.#say({ what: 'open', resumed: resumes });
      await this.#read(answer.body, abort);
    } catch {
      // Whatever it was: the next attempt says whether it lasts.
    }
    if (abort !== this.#abort) return;
    this.stop();
    this.#lostAt ||= Date.now();
    this.#say({ what: 'lost', since: this.#lostAt });
    // Many tabs lose the same server at once: they come back spread out.
    this.#timer = setTimeout(() => this.start(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  async #read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const reader = body.getReader(),
      decoder = new TextDecoder(),
      parser = new EventParser();
    for (;;) {
      clearTimeout(this.#watchdog);
      this.#watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.put(decoder.decode(value, { stream: true }))) {
        if (event.id) this.#lastId = event.id;
        this.#say({ what: 'event', event });
      }
      this.#wait = Math.max(SHORTEST_WAIT_MS, parser.retry ?? 0);
    }
  }
}
