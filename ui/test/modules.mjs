// Loads modules of src/ into a test: esbuild makes JavaScript of them.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));

export async function load(name) {
  const { outputFiles } = await build({ entryPoints: [path.join(SOURCE, name)], bundle: true, format: 'esm', write: false, charset: 'utf8' });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
