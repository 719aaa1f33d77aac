// npm run build -- OUT: the dashboard as a few files, the same bytes each time. Names hold a hash, so that browsers may keep them for ever.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url)),
  source = path.join(here, 'src');
const out = path.resolve(process.env.INIT_CWD ?? '.', process.argv[2] ?? 'dist');
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  target: ['chrome109', 'firefox115', 'safari16.4'],
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};

/** Names and texts of what comes of an entry, itself first. */
async function filesOf(entry, options = {}) {
  const { outputFiles } = await build({ ...common, entryPoints: [path.join(source, entry)], outdir: '.', ...options });
  return outputFiles.map((file) => [path.basename(file.path), file.text]);
}
const bundle = async (entry, options) => (await filesOf(entry, options))[0][1];

const named = (name, text) => {
  const { name: stem, ext } = path.parse(name);
  return [`${stem}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}${ext}`, text];
};

/** The colours of the states as style sheet, from the one place that has them. */
async function tones() {
  const module = await bundle('palette.ts', { format: 'esm' });
  const { LIGHT, DARK, inkOn } = await import(`data:text/javascript,${encodeURIComponent(module)}`);
  const rules = (palette) =>
    Object.entries(palette)
      .map(([tone, colour]) => `.tone-${tone}{background:${colour};color:${inkOn(colour)}}`)
      .join('');
  return `${rules(LIGHT)}@media (prefers-color-scheme:dark){${rules(DARK)}}`;
}

const [stream, streamText] = named('stream.js', await bundle('stream.ts', { format: 'iife' }));
// The pages behind the first one are a file of their own, and what both share another.
const hashed = '[name]-[hash]';
const app = await filesOf('app.tsx', {
  format: 'esm',
  splitting: true,
  entryNames: hashed,
  chunkNames: hashed,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  define: { STREAM_FILE: JSON.stringify(stream) },
});
const nameOf = (stem) => app.find(([name]) => name.startsWith(stem))[0];
const [css, cssText] = named('app.css', (await bundle('app.css')) + (await tones()));
const index = (await readFile(path.join(source, 'index.html'), 'utf8'))
  .replace('APP_JS', nameOf('app-'))
  .replace('SHARED_JS', nameOf('chunk-'))
  .replace('APP_CSS', css);
const files = {
  'index.html': index,
  ...Object.fromEntries(app),
  [css]: cssText,
  [stream]: streamText,
  'favicon.svg': await readFile(path.join(source, 'favicon.svg'), 'utf8'),
};

await mkdir(out, { recursive: true });
for (const name of await readdir(out)) if (/-\w{8,}\.(js|css)$/.test(name)) await rm(path.join(out, name));
for (const [name, text] of Object.entries(files)) await writeFile(path.join(out, name), text);
