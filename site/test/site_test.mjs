// The built site in Chromium, from the file system: what works there works from any server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)),
  CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium',
  AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
  skip = existsSync(CHROMIUM) ? false : `${CHROMIUM} is missing: apt-get install chromium`;

function built() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tocsin-site-'));
  after(() => rmSync(folder, { recursive: true }));
  execFileSync('npm', ['run', '--silent', 'build', '--prefix', 'site', '--', `--output=${folder}`], { cwd: ROOT, stdio: 'pipe' });
  return folder;
}
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((one) =>
    one.isFile() ? [path.join(one.parentPath ?? one.path, one.name)] : [],
  );

const site = built(),
  pages = filesOf(site)
    .filter((file) => file.endsWith('.html'))
    .sort();
const browser = skip ? null : await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
after(() => browser?.close());

/** A page of a new browser; `complaints` gets what it writes to the console, throws, fails to load or asks of others. */
async function newPage(t, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options }),
    page = await context.newPage(),
    complaints = [];
  t.after(() => context.close());
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(`another host: ${request.url()}`);
  });
  return { page, complaints, open: (name) => page.goto(pathToFileURL(path.join(site, name)).href) };
}

test('the same sources make the same bytes', () => {
  const again = built(),
    content = (folder) => Object.fromEntries(filesOf(folder).map((file) => [path.relative(folder, file), readFileSync(file, 'base64')]));
  assert.ok(pages.length > 40);
  assert.deepEqual(content(again), content(site));
});

test('every link and anchor leads somewhere', () => {
  execFileSync('python3', ['tools/check_docs.py', site], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
});

test('no page takes scripts, styles, fonts or pictures from another host', () => {
  for (const file of filesOf(site).filter((one) => /\.(html|css|js)$/.test(one))) {
    const text = readFileSync(file, 'utf8');
    const loads = file.endsWith('.html')
      ? text.matchAll(/<(?:script|link|img|iframe|source|video)\b[^>]*\b(?:src|href)="([^"]*)"/g)
      : text.matchAll(/url\(([^)]*)\)|@import/g);
    for (const [whole, address] of loads)
      if (!file.endsWith('search-documents.js')) assert.doesNotMatch(address ?? whole, /^(\w+:)?\/\/|@import/, path.relative(site, file));
  }
});

test('every page opens without a complaint, and fits 360 pixels', { skip }, async (t) => {
  const { page, complaints, open } = await newPage(t, { viewport: { width: 360, height: 740 } });
  for (const file of pages) {
    await open(path.relative(site, file));
    assert.equal(await page.locator('h1').count(), 1, file);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, file);
    assert.deepEqual(complaints, [], file);
  }
  assert.equal(await page.locator('nav details[open]').count(), 0);
});

for (const colorScheme of ['light', 'dark'])
  test(`pages are accessible: ${colorScheme}`, { skip }, async (t) => {
    const { page, open } = await newPage(t, { colorScheme });
    for (const name of ['index.html', 'troubleshooting.html', 'comparison.html']) {
      await open(name);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() =>
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
      );
      assert.deepEqual(
        violations.map((one) => `${one.id}: ${one.nodes[0].html}`),
        [],
        name,
      );
    }
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(paper === 'rgb(255, 255, 255)', colorScheme === 'light');
  });

test('search finds a word and leads to its section', { skip }, async (t) => {
  const { page, complaints, open } = await newPage(t);
  await open('decisions/one-loop.html');
  await page.keyboard.press('/');
  await page.keyboard.type('Kerberos');
  const first = page.locator('.results a').first();
  assert.match(await first.innerText(), /^Kerberos/);
  await first.click();
  await page.waitForURL(/windows-hosts\.html#kerberos$/);
  await page.locator('h2#kerberos').waitFor();
  await page.getByRole('searchbox').fill('zzqqxx');
  await page.getByText('Nothing found.').waitFor();
  assert.deepEqual(complaints, []);
});
