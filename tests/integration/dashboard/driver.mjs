// Chromium, as a test drives it: each line of stdin is JSON, {options} for a new context or {code, data} to run in it, and is answered by one.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { chromium } = createRequire(new URL('../../../ui/package.json', import.meta.url))('playwright-core');
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
let context, complaints;

/** A browser of its own, so that tests share no worker and no storage. What its pages should not say is a complaint. */
async function begin(options) {
  await context?.close();
  complaints = [];
  const into = complaints;
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(10_000);
  context.on('page', (page) => {
    page.on('console', (message) => into.push(`${message.type()}: ${message.text()}`));
    page.on('response', (response) => { if (response.status() >= 400) into.push(`${response.status()} ${response.url()}`); });
    page.on('pageerror', (error) => into.push(error.message));
    page.on('dialog', (dialog) => { into.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  });
  await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
}

/** Opens a view and waits until nothing is loading and changes arrive. */
async function open(url) {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForSelector('h1', { state: 'attached' });
  await page.waitForFunction(() => !document.body.innerText.includes('Loading …'));
  return page;
}

const live = (page) => page.getByText('live', { exact: true }).waitFor();

const run = (code, data) => new (async () => {}).constructor('context', 'open', 'live', 'data', code)(context, open, live, data);

for await (const line of createInterface({ input: process.stdin })) {
  const { options, code, data } = JSON.parse(line);
  let answer;
  try {
    answer = { value: options ? await begin(options) : await run(code, data), complaints };
  } catch (error) {
    answer = { error: String(error.stack ?? error), complaints };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
await browser.close();
