// What tsc does not see: the ways by which text of other machines could become markup or script, and what the Content-Security-Policy would block.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('src', import.meta.url));
const FORBIDDEN = [
  [
    /\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|createContextualFragment|setHTMLUnsafe|parseFromString)\b/,
    'makes markup of text',
  ],
  [/\bdocument\.write/, 'makes markup of text'],
  [/\beval\s*\(|\bnew Function\b|\bset(Timeout|Interval)\(\s*['"`]/, 'makes a script of text'],
  [/\bstyle=["'`]|setAttribute\(\s*['"]style/, 'a style as text: the policy blocks it; give an object'],
  [/\bon[a-z]+=["'`]|setAttribute\(\s*['"]on/, 'a handler as text: the policy blocks it'],
  [/https?:\/\/(?!www\.w3\.org\/2000\/svg)/, 'the dashboard asks no other server'],
  [/\bjavascript:/i, 'a script as address'],
];
// Where a link leads is made by link(), linkHere() or BASE, never by data.
const HREF = /\bhref=(\{[^}]*\}|"[^"]*")/g,
  GOOD_HREF = /^\{\s*(link\(|linkHere\(|`\$\{BASE\}|tab\.href|href$|href\})|^"#main"/;

let findings = 0;
for (const name of (await readdir(SOURCE, { recursive: true })).filter((one) => /\.(tsx?|html)$/.test(one) && !one.endsWith('contract.d.ts'))) {
  const text = await readFile(path.join(SOURCE, name), 'utf8'),
    lines = text.split('\n');
  const say = (line, why) => {
    findings++;
    console.error(`src/${name}:${line}: ${why}: ${lines[line - 1].trim().slice(0, 120)}`);
  };
  lines.forEach((line, at) => {
    for (const [wrong, why] of FORBIDDEN) if (wrong.test(line.replace(/^\s*\/\/.*/, ''))) say(at + 1, why);
  });
  if (name.endsWith('.tsx'))
    for (const found of text.matchAll(HREF)) {
      if (!GOOD_HREF.test(found[1])) say(text.slice(0, found.index).split('\n').length, 'a link that neither link() nor linkHere() made');
    }
}
process.exitCode = findings ? 1 : 0;
