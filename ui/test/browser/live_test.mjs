import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFor, missing, mockFor, noComplaints, open } from './browser.mjs';

const skip = missing;
const quiet = (mock, name) => mock.model.host(name).services.every((one) => one.state === 'RUNNING');

test('a change is seen within 300 ms', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 200, hostile: false }),
    context = await contextFor(t),
    page = await open(context, mock);
  await page.getByText('live', { exact: true }).waitFor();
  await page.waitForTimeout(600);
  const host = mock.model.hosts.find((one) => one.reached && quiet(mock, one.name) && !one.name.startsWith('web')).name;
  await page.evaluate((name) => {
    globalThis.seen = new Promise((resolve) => {
      const begin = Date.now(),
        times = {},
        icon = document.querySelector('link[rel=icon]').href,
        title = document.title;
      const look = () => {
        const card = [...document.querySelectorAll('.cards .troubled .name')].find((one) => one.textContent === name);
        if (card) times.card ??= Date.now();
        if ([...document.querySelectorAll('.alerts tbody tr')].some((one) => one.querySelector('.what a')?.textContent === name))
          times.row ??= Date.now();
        if (document.title !== title && document.querySelector('link[rel=icon]').href !== icon) times.title ??= Date.now();
        if ((times.card && times.row && times.title) || Date.now() - begin > 5000) resolve(times);
        else requestAnimationFrame(look);
      };
      look();
    });
  }, host);
  const begin = Date.now();
  mock.tell(mock.model.set(host, 'Spooler', 'STOPPED'));
  const times = await page.evaluate(() => globalThis.seen);
  t.diagnostic(`card ${times.card - begin} ms, row ${times.row - begin} ms, title ${times.title - begin} ms`);
  for (const what of ['card', 'row', 'title']) assert.ok(times[what] - begin < 300, `${what}: ${times[what] - begin} ms`);
  noComplaints(context);
});

test('six tabs share one stream, and all hear of a change', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 7, hostile: false }),
    context = await contextFor(t),
    pages = [];
  for (let tab = 0; tab < 7; tab++) pages.push(await open(context, mock));
  assert.equal(mock.streams, 1);
  assert.equal(mock.allStreams, 1);
  mock.tell(mock.model.set('dc1', 'WinRM', 'STOPPED'));
  for (const page of pages) {
    await page.bringToFront();
    await page.locator('.cards .troubled', { hasText: 'dc1' }).waitFor();
  }
  for (const page of pages) await page.close();
  for (let wait = 0; wait < 50 && mock.streams; wait++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(mock.streams, 0);
});

test('a tab without a SharedWorker has a stream of its own while it is seen', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 7, hostile: false }),
    context = await contextFor(t);
  await context.addInitScript(() => {
    delete globalThis.SharedWorker;
  });
  const page = await open(context, mock);
  await page.getByText('live', { exact: true }).waitFor();
  assert.equal(mock.streams, 1);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  for (let wait = 0; wait < 50 && mock.streams; wait++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(mock.streams, 0);
  mock.tell(mock.model.set('dc1', 'WinRM', 'STOPPED'));
  await page.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.locator('.cards .troubled', { hasText: 'dc1' }).waitFor();
  noComplaints(context);
});

test('a lost server is said, with the time, and what was missed comes after it', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 7, hostile: false }),
    context = await contextFor(t),
    page = await open(context, mock);
  await page.getByText('live', { exact: true }).waitFor();
  await mock.halt();
  await page.getByText(/^reconnecting since \d\d:\d\d:\d\d$/).waitFor();
  assert.equal(await page.locator('main.stale').count(), 1);
  assert.ok((await page.locator('.cards li').count()) > 0, 'what was known stays');
  mock.tell(mock.model.set('dc1', 'WinRM', 'STOPPED'));
  await mock.start();
  await page.locator('.cards .troubled', { hasText: 'dc1' }).waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  assert.equal(await page.locator('.stale').count(), 0);
});

test('without a stream everything is read again every 15 seconds, and that is said', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 7, hostile: false }),
    context = await contextFor(t);
  mock.options.full = true;
  const page = await open(context, mock);
  await page.getByText('not live, read every 15 s').waitFor();
  mock.model.set('dc1', 'WinRM', 'STOPPED');
  await page.locator('.cards .troubled', { hasText: 'dc1' }).waitFor({ timeout: 20_000 });
  assert.equal(await page.locator('.stale').count(), 0);
  mock.options.full = false;
  await page.getByText('live', { exact: true }).waitFor({ timeout: 20_000 });
});

test('after a reset everything is read again', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 7, hostile: false }),
    context = await contextFor(t),
    page = await open(context, mock);
  await page.getByText('live', { exact: true }).waitFor();
  mock.model.set('dc1', 'WinRM', 'STOPPED');
  for (const stream of mock.options.streams) stream.write('event: reset\ndata: {}\n\n');
  await page.locator('.cards .troubled', { hasText: 'dc1' }).waitFor();
  await page.locator('.alerts', { hasText: 'dc1' }).waitFor();
  noComplaints(context);
});

test('many changes at once are read once or twice', { skip }, async (t) => {
  const mock = await mockFor(t, { hosts: 60, hostile: false }),
    context = await contextFor(t),
    page = await open(context, mock);
  await page.getByText('live', { exact: true }).waitFor();
  await page.waitForTimeout(600);
  mock.requests.length = 0;
  for (const host of mock.model.hosts.slice(0, 40)) mock.tell(mock.model.set(host.name, 'WinRM', 'STOPPED'));
  await page.waitForTimeout(1500);
  const counted = mock.requests.filter((one) => one === 'GET /alerts').length;
  assert.ok(counted >= 1 && counted <= 3, `${counted} requests`);
  assert.equal(mock.requests.filter((one) => one === 'GET /overview').length, 0);
  assert.ok((await page.locator('.cards .troubled').count()) >= 40);
});
