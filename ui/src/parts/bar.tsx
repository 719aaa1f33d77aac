// The bar on top: where one can go, how many problems are open, whether what is shown is of now.
import { useEffect } from 'preact/hooks';
import type { Counts } from '../api';
import { now, zone } from '../clock';
import { connection, stale } from '../live';
import { link, linkHere, page, PAGES, utc, type Page } from '../place';
import type { Resource } from '../resource';
import { clock, zoneName } from '../time';

const TITLES: Readonly<Record<Page, string>> = {
  overview: 'Overview',
  host: 'Host',
  history: 'History',
  deliveries: 'Deliveries',
  silences: 'Silences',
  configuration: 'Configuration',
  about: 'About',
};

export function Bar({ counts, subject }: { counts: Resource<Counts>; subject: string }) {
  const open = counts.data.value?.alerts.open ?? null,
    dead = counts.data.value?.deliveries.dead ?? 0;
  useTitle(open, subject || TITLES[page.value]);
  return (
    <header class="bar">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}>
        Skip to the content
      </a>
      <a class="brand" href={link('overview')}>
        <Bell />
        tocsin
      </a>
      <nav aria-label="Pages">
        {PAGES.filter((one) => one !== 'host').map((one) => (
          <a key={one} href={link(one)} aria-current={page.value === one ? 'page' : undefined}>
            {TITLES[one]}
            {one === 'overview' && !!open && (
              <span class="badge" aria-label={`${open} open problems`}>
                {open}
              </span>
            )}
            {one === 'deliveries' && !!dead && (
              <span class="badge" aria-label={`${dead} dead letters`}>
                {dead}
              </span>
            )}
          </a>
        ))}
      </nav>
      <Connection />
      <a class="zone" href={linkHere({ zone: utc.value ? undefined : 'utc' })} title={utc.value ? 'Show local time' : 'Show UTC'}>
        <span class="number">{clock(now.value, zone.value)}</span> {zoneName(zone.value, now.value)}
      </a>
    </header>
  );
}

const Bell = () => (
  <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
    <path
      fill="currentColor"
      d="M12 2a2 2 0 0 0-2 2v.3A7 7 0 0 0 5 11v5l-2 2v1h18v-1l-2-2v-5a7 7 0 0 0-5-6.7V4a2 2 0 0 0-2-2zm-2.5 18a2.5 2.5 0 0 0 5 0z"
    />
  </svg>
);

/** Whether changes arrive. */
export function Connection() {
  const state = connection.value;
  const text =
    state.what !== 'lost' ? state.what : stale.value ? `reconnecting since ${clock(state.since, zone.value)}` : 'not live, read every 15 s';
  return (
    <p class={`connection ${state.what}`} role="status">
      {text}
    </p>
  );
}

/** The title and the icon of the tab carry the number of open problems. */
export function useTitle(open: number | null, title: string): void {
  useEffect(() => {
    document.title = `${open ? `(${open}) ` : ''}${title} · tocsin`;
  }, [open, title]);
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (!icon) return;
    icon.dataset.plain ??= icon.href;
    icon.href = open ? drawIcon(open) : icon.dataset.plain;
  }, [open]);
}

function drawIcon(open: number): string {
  const canvas = document.createElement('canvas'),
    context = canvas.getContext('2d')!,
    text = open > 99 ? '99+' : String(open);
  canvas.width = canvas.height = 32;
  context.fillStyle = '#d6200f';
  context.beginPath();
  context.roundRect(0, 0, 32, 32, 7);
  context.fill();
  context.fillStyle = '#ffffff';
  context.font = `bold ${text.length > 2 ? 15 : text.length > 1 ? 20 : 24}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, 16, 17);
  return canvas.toDataURL();
}
