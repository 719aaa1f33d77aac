import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFor, missing, mockFor, noComplaints } from './browser.mjs';

test('ten thousand hosts are soon on the screen', { skip: missing, timeout: 180_000 }, async (t) => {
  const mock = await mockFor(t, { hosts: 10_000, hostile: false });
  for (const view of ['./', './?view=cards', './?kiosk']) {
    const context = await contextFor(t), page = await context.newPage(), session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', (event) => { bytes += event.encodedDataLength; });
    await page.goto(new URL(view, mock.url).href);
    await page.waitForSelector(view.includes('kiosk') ? '.alerts td' : view.includes('cards') ? '.cards li' : '.squares canvas');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const { metrics } = await session.send('Performance.getMetrics'), metric = (name) => metrics.find((one) => one.name === name).value;
    t.diagnostic(`${view}: ${(metric('TaskDuration') * 1000).toFixed(0)} ms CPU of the main thread, ${(bytes / 1024).toFixed(0)} KiB transferred, heap ${(metric('JSHeapUsedSize') / 1e6).toFixed(1)} MB, ${metric('Nodes')} nodes`);
    assert.ok(metric('Nodes') < 20_000);
    noComplaints(context);
    await context.close();
  }
});
