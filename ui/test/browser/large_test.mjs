import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFor, missing, mockFor, noComplaints } from './browser.mjs';

/** What an action costs the main thread, in words: a step of the pointer or the wheel is often more than one frame. */
async function costOf(session, what, steps, action) {
  const cpu = async () => (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value * 1000,
    complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['cc'] } });
  const begin = await cpu();
  await action();
  const spent = (await cpu()) - begin;
  await session.send('Tracing.end');
  await complete;
  // The browser's own window has frames as well.
  const pages = new Set(events.filter((one) => one.name === 'thread_name' && one.args.name === 'CrRendererMain').map((one) => one.pid)),
    frames = events.filter((one) => one.name === 'ProxyMain::BeginMainFrame' && one.ph === 'X' && pages.has(one.pid)).length;
  return `${(spent / steps).toFixed(1)} ms CPU of the main thread for each step of the ${what}, ${(spent / frames).toFixed(1)} ms a frame`;
}

test('the timeline of 200 services follows the pointer', { skip: missing, timeout: 60_000 }, async (t) => {
  const mock = await mockFor(t, { hosts: 7, hostile: false }),
    context = await contextFor(t),
    day = 86_400_000;
  const host = mock.model.host('sql1'),
    first = host.services[0];
  host.services = Array.from({ length: 200 }, (_, at) => ({
    ...first,
    name: `Service${at}`,
    displayName: `Service ${at}`,
    friendlyName: '',
    segments: Array.from({ length: 100 }, (_, segment) => [
      Date.now() - day + (segment * day) / 100 + at * 1000,
      segment % 3 ? 'RUNNING' : 'STOPPED',
    ]),
  }));
  const page = await context.newPage(),
    session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(new URL('./?page=host&host=sql1', mock.url).href);
  await page.waitForSelector('.canvas canvas');
  await page.waitForTimeout(500);
  const box = await page.locator('.canvas canvas').boundingBox(),
    steps = 40;
  t.diagnostic(
    await costOf(session, 'pointer', steps, async () => {
      await page.mouse.move(box.x + 100, box.y + 100);
      await page.mouse.down();
      await page.mouse.move(box.x + 700, box.y + 100, { steps });
      await page.mouse.up();
    }),
  );
  // Only rows in sight are painted: the pointer finds its row also far down.
  const label = page.locator('.labels li', { hasText: 'Service 150' });
  await label.scrollIntoViewIfNeeded();
  const row = await label.boundingBox(),
    pointed = page.locator('.pointed b');
  await page.mouse.move(box.x + 900, row.y + 12);
  try {
    await pointed.filter({ hasText: /^Service 150$/ }).waitFor();
  } catch (error) {
    const sight = await page.evaluate(
      ([x, y]) => ({
        below: document.elementFromPoint(x, y)?.outerHTML.slice(0, 200),
        address: location.href,
        words: document.querySelector('.canvas canvas').getAttribute('aria-label'),
      }),
      [box.x + 900, row.y + 12],
    );
    throw new Error(`${JSON.stringify({ row, box, pointed: await pointed.allInnerTexts(), ...sight })}`, { cause: error });
  }
  assert.ok((await page.locator('.canvas canvas').boundingBox()).height < 2000);
  noComplaints(context);
});

test('ten thousand hosts are soon on the screen', { skip: missing, timeout: 180_000 }, async (t) => {
  const mock = await mockFor(t, { hosts: 10_000, hostile: false });
  for (const view of ['./', './?view=cards', './?kiosk']) {
    const context = await contextFor(t),
      page = await context.newPage(),
      session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', (event) => {
      bytes += event.encodedDataLength;
    });
    await page.goto(new URL(view, mock.url).href);
    await page.waitForSelector(view.includes('kiosk') ? '.alerts td' : view.includes('cards') ? '.cards li' : '.squares canvas');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const { metrics } = await session.send('Performance.getMetrics'),
      metric = (name) => metrics.find((one) => one.name === name).value;
    t.diagnostic(
      `${view}: ${(metric('TaskDuration') * 1000).toFixed(0)} ms CPU of the main thread, ${(bytes / 1024).toFixed(0)} KiB transferred, heap ${(metric('JSHeapUsedSize') / 1e6).toFixed(1)} MB, ${metric('Nodes')} nodes`,
    );
    if (!view.includes('kiosk')) {
      const steps = 40;
      await page.mouse.move(600, 700);
      const cost = await costOf(session, 'wheel', steps, async () => {
        for (let step = 0; step < steps; step++) {
          await page.mouse.wheel(0, 120);
          await page.evaluate(() => new Promise(requestAnimationFrame));
        }
      });
      t.diagnostic(`${view}: ${cost}`);
    }
    assert.ok(metric('Nodes') < 20_000);
    noComplaints(context);
    await context.close();
  }
});
