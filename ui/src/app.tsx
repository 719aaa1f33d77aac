import { render } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { get, loginWanted, token } from './api';
import { setClock } from './clock';
import { stale } from './live';
import { visible } from './names';
import { Kiosk } from './pages/kiosk';
import { Overview } from './pages/overview';
import { Bar } from './parts/bar';
import { closeDialog, Dialogs } from './parts/dialogs';
import { Further } from './parts/further';
import { Login, ReadOnly } from './parts/login';
import { Notices } from './parts/notices';
import { kiosk, link, page, value } from './place';
import { about, useResource } from './resource';
import { session } from './session';

function App() {
  const counts = useResource(
    'counts',
    (signal) => get('/counts', {}, signal),
    () => true,
    'always',
  );
  const who = useResource('session', (signal) => get('/session', {}, signal), about('configuration'));
  const status = useResource(
    'clock',
    (signal) => get('/status', {}, signal),
    () => false,
  );
  useEffect(() => {
    session.value = who.data.value;
  }, [who.data.value]);
  const said = status.data.value?.now;
  useEffect(() => {
    if (said) setClock(said);
  }, [said]);
  useEffect(() => {
    document.documentElement.classList.toggle('kiosk', kiosk.value);
  }, [kiosk.value]);
  useEffect(closeDialog, [page.value]);
  // Where what had the focus is gone with its page, the new page gets it.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true });
    first.current = false;
  }, [page.value]);
  const [failure] = useErrorBoundary();
  if (failure)
    return (
      <main>
        <h1>tocsin</h1>
        <p class="problem" role="alert">
          The dashboard failed: {String(failure)}.{' '}
          <a href={link('overview')} target="_self">
            Overview
          </a>
        </p>
      </main>
    );
  if (loginWanted.value) return <Login key={token.value} />;
  if (kiosk.value)
    return (
      <div class={stale.value ? 'stale' : ''}>
        <Kiosk counts={counts} />
      </div>
    );
  return (
    <>
      <Bar counts={counts} subject={page.value === 'host' ? visible(value('host')) : ''} />
      <Notices />
      <main id="main" class={stale.value ? 'stale' : ''} tabIndex={-1}>
        {page.value === 'overview' ? <Overview counts={counts} /> : <Further />}
      </main>
      {session.value?.role === 'read' && <ReadOnly />}
      <Dialogs />
    </>
  );
}

render(<App />, document.getElementById('app')!);
