// The pages behind the overview. They are a file of their own, read once the overview is on the screen or somebody wants one of them: so the first
// view is there sooner.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { page, value } from '../place';

type Pages = typeof import('../pages/further');
const pages = signal<Pages | null>(null);
const failed = signal(false);
let reading = false;

/** Reads them, unless that was begun already. */
export function readFurther(): void {
  if (reading) return;
  reading = true;
  import('../pages/further').then(
    (read) => {
      pages.value = read;
    },
    () => {
      failed.value = true;
    },
  );
}

/** The page that is wanted, which is not the overview. */
export function Further() {
  useEffect(readFurther, []);
  const read = pages.value;
  if (!read)
    return failed.value ? (
      <p class="problem" role="alert">
        This page could not be read: tocsin does not answer, or was updated.{' '}
        <button type="button" onClick={() => location.reload()}>
          Read it again
        </button>
      </p>
    ) : null;
  switch (page.value) {
    case 'host':
      return <read.HostPage key={value('host').toLowerCase()} name={value('host')} />;
    case 'history':
      return <read.History />;
    case 'deliveries':
      return <read.Deliveries />;
    case 'silences':
      return <read.Silences />;
    case 'configuration':
      return <read.Configuration />;
    default:
      return <read.About />;
  }
}
