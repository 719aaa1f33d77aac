// The documentation as a site. The pages stay as they are; links between them lead from page to page, and a file that
// one links to is copied. Nothing in the result is absolute: it works from a folder, a web server and below any path.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import GithubSlugger from 'github-slugger';
import { BESIDE, FOLDERS, SECTIONS } from './navigation.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { dirname, join, relative } = path.posix;

/** Where a file of the repository stands in the site: docs/README.md is the first page. */
const addressOf = (file) =>
  (file.startsWith('docs/') ? file.slice('docs/'.length) : `project/${file}`).replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html');
const between = (from, to) => relative(dirname(addressOf(from)), addressOf(to));
const sourceOf = (page) => path.posix.normalize(page.inputPath);
const titleOf = (markdown) => /^# +(.+)$/m.exec(markdown)[1];

const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
const listing = (folder) =>
  [`# Files in ${folder}`, '', ...filesBelow(folder).map((file) => `- [${relative(folder, file)}](${relative(folder, file)})`)].join('\n');

const ofToken = (token) => token.children.map((child) => (child.type === 'softbreak' ? ' ' : child.content)).join('');

/** The text of a page by its headings: [{anchor, heading, text}]. */
function sectionsOf(tokens) {
  const sections = [];
  tokens.forEach((token, at) => {
    if (token.type === 'heading_open') sections.push({ anchor: token.attrGet('id'), heading: ofToken(tokens[at + 1]), text: '' });
    else if ((token.type === 'inline' && tokens[at - 1].type !== 'heading_open') || token.type === 'fence')
      sections.at(-1).text += `${token.type === 'fence' ? token.content : ofToken(token)} `;
  });
  return sections;
}

export default function (config) {
  const copied = new Set(),
    searched = new Map();

  /** A link of a page, as the site has it. */
  function rewritten(link, from) {
    if (/^(\w+:|#)/.test(link)) return link;
    const [name, fragment] = link.split('#');
    let target = join(dirname(from), name).replace(/\/$/, '');
    if (!existsSync(target)) throw new Error(`${from}: ${link}: no such file`);
    if (statSync(target).isDirectory()) {
      if (!FOLDERS.includes(target) && !existsSync(join(target, 'README.md')))
        throw new Error(`${from}: ${link}: add it to FOLDERS in site/navigation.mjs`);
      target = join(target, 'README.md');
    } else if (!target.endsWith('.md')) copied.add(target);
    return between(from, target) + (fragment ? `#${fragment}` : '');
  }

  function adapt({ tokens, env }) {
    const from = sourceOf(env.page),
      slugger = new GithubSlugger();
    tokens.forEach((token, at) => {
      if (token.type === 'heading_open') token.attrSet('id', slugger.slug(ofToken(tokens[at + 1])));
      for (const child of token.children ?? []) {
        const attribute = { link_open: 'href', image: 'src' }[child.type];
        if (attribute) child.attrSet(attribute, rewritten(child.attrGet(attribute), from));
      }
    });
    searched.set(from, sectionsOf(tokens));
  }

  config.setQuietMode(true);
  config.setIncludesDirectory('site');
  config.setOutputDirectory('build/docs');
  config.setTemplateFormats('md');
  config.ignores.add('build/**').add('**/node_modules/**').add('tests/**').add('.*/**');
  config.amendLibrary('md', (library) => {
    library.set({ html: false, linkify: false });
    library.core.ruler.push('adapt', adapt);
    // Wide tables and long lines scroll by themselves, with the keyboard too.
    library.renderer.rules.table_open = () => '<div class="wide" tabindex="0"><table>';
    library.renderer.rules.table_close = () => '</table></div>';
    library.renderer.rules.fence = (tokens, at) => `<pre tabindex="0"><code>${library.utils.escapeHtml(tokens[at].content)}</code></pre>`;
  });
  for (const folder of FOLDERS) config.addTemplate(join(folder, 'README.md'), listing(folder));

  config.addGlobalData('layout', 'layout.njk');
  config.addGlobalData('templateEngineOverride', 'md');
  config.addGlobalData('eleventyComputed', {
    permalink: ({ page }) => addressOf(sourceOf(page)),
    title: ({ page }) => titleOf(page.rawInput),
    root: ({ page }) => relative(dirname(addressOf(sourceOf(page))), '') || '.',
    sections: ({ page }) =>
      SECTIONS.map(({ title, pages }) => ({
        title,
        pages: pages.map((file) => ({
          href: between(sourceOf(page), file),
          title: titleOf(readFileSync(file, 'utf8')),
          current: file === sourceOf(page),
        })),
      })),
  });

  config.on('eleventy.after', ({ directories }) => {
    const named = new Set(SECTIONS.flatMap(({ pages }) => pages)),
      pages = [...searched.keys()].sort();
    const missing = pages.filter((file) => file.startsWith('docs/') && !named.has(file) && !BESIDE.test(file));
    if (missing.length > 0) throw new Error(`add to SECTIONS in site/navigation.mjs: ${missing.join(', ')}`);
    const documents = pages
      .filter((file) => named.has(file) || BESIDE.test(file))
      .flatMap((file) =>
        searched
          .get(file)
          .map(({ anchor, heading, text }) => ({ page: searched.get(file)[0].heading, heading, text, href: `${addressOf(file)}#${anchor}` })),
      )
      .map((document, id) => ({ id, ...document }));
    const put = (name, write) => {
      const target = path.join(directories.output, name);
      mkdirSync(path.dirname(target), { recursive: true });
      write(target);
    };
    for (const file of copied) put(addressOf(file), (target) => copyFileSync(file, target));
    for (const file of ['site.css', 'search.js']) put(file, (target) => copyFileSync(path.join(here, file), target));
    for (const [file, name] of [
      ['dist/umd/index.js', 'minisearch.js'],
      ['LICENSE.txt', 'minisearch-license.txt'],
    ])
      put(name, (target) => copyFileSync(path.join(here, 'node_modules/minisearch', file), target));
    // A script, not JSON: a page of the file system may load no data.
    put('search-documents.js', (target) => writeFileSync(target, `window.searchDocuments = ${JSON.stringify(documents)};\n`));
  });
  return { markdownTemplateEngine: false };
}
