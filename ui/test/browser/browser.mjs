// Chromium against the mock. A page that writes to the console, throws, or breaks its policy fails its test.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { startMock } from '../../dev/mock.mjs';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const missing = existsSync(PROGRAM) ? false : `${PROGRAM} is missing: apt-get install chromium`;

const browser = missing ? null : await chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });
after(() => browser?.close());

/** A mock that ends with the test. */
export async function mockFor(context, options) {
  const mock = await startMock(options);
  context.after(() => mock.stop());
  return mock;
}

/** A browser of its own, so that tests share no worker and no storage. `complaints` are what the pages said that they should not. */
export async function contextFor(test, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, timezoneId: 'Europe/Stockholm', ...options });
  context.setDefaultTimeout(10_000);
  context.complaints = [];
  context.on('page', (page) => {
    page.on('console', (message) => context.complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => context.complaints.push(error.message));
    page.on('dialog', (dialog) => {
      context.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  });
  await context.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)),
  );
  test.after(() => context.close());
  return context;
}

/** Opens a view and waits until nothing is loading. */
export async function open(context, mock, view = './') {
  return go(await context.newPage(), mock, view);
}

/** The same in a page that is open: a new one costs a process. */
export async function go(page, mock, view) {
  await page.goto(new URL(view, mock.url).href);
  await settled(page);
  return page;
}

export async function settled(page) {
  await page.waitForSelector('h1', { state: 'attached' });
  await page.waitForFunction(() => !document.body.innerText.includes('Loading …'));
}

export const noComplaints = (context) => assert.deepEqual(context.complaints, []);

/** What axe finds, in short. */
export async function findings(page) {
  await page.evaluate(AXE);
  const result = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return result.violations.map(
    (one) =>
      `${one.id}: ${one.nodes
        .slice(0, 2)
        .map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n').at(1)?.trim()}`)
        .join(' | ')}`,
  );
}
