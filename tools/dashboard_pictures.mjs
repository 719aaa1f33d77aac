#!/usr/bin/env node
// tools/dashboard_pictures.mjs PROGRAM: draws docs/images/dashboard-{overview,host}.png, the pages of `PROGRAM demo` after a while.
// PROGRAM is build/release/tocsin; Chromium is Debian's.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { chromium } = createRequire(`${root}ui/package.json`)('playwright-core');
const WATCHED_SECONDS = 100;
const [program] = process.argv.slice(2);
if (!program) throw new Error('usage: tools/dashboard_pictures.mjs PROGRAM');

const demo = spawn(program, ['demo', '--hosts', '60', '--changes', '8', '--seconds', String(WATCHED_SECONDS + 60)]);
try {
  const address = await new Promise((found, failed) => {
    let said = '';
    demo.stdout.on('data', (text) => {
      said += text;
      const line = /Dashboard: +(\S+)/.exec(said);
      if (line) found(line[1]);
    });
    demo.on('exit', () => failed(new Error(said)));
  });
  await new Promise((over) => setTimeout(over, WATCHED_SECONDS * 1000));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, timezoneId: 'UTC' });
  const page = await context.newPage();
  const draw = async (url, name) => {
    await page.goto(url);
    await page.waitForTimeout(2000);
    await page.screenshot({ path: `${root}docs/images/dashboard-${name}.png` });
  };
  await draw(address, 'overview');
  const base = address.split('#')[0];
  // The host with the most to show.
  const { alerts } = await (await fetch(`${base}api/v1/history?limit=1000`)).json();
  const counts = new Map();
  for (const { alert } of alerts) counts.set(alert.host, (counts.get(alert.host) ?? 0) + 1);
  const [host] = [...counts].sort(([, a], [, b]) => b - a)[0];
  const to = Date.now();
  const view = new URLSearchParams({ page: 'host', host, from: new Date(to - WATCHED_SECONDS * 1000).toISOString(), to: new Date(to).toISOString() });
  await draw(`${base}?${view}`, 'host');
  await browser.close();
} finally {
  demo.kill('SIGINT');
}
