// Search in the browser alone: the texts of all pages are loaded when somebody first wants to search.
const root = document.currentScript.dataset.root;
const input = document.querySelector('input[type=search]');
const results = document.querySelector('.results');
const MOST = 12;

const load = (name) =>
  new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = `${root}/${name}`;
    script.onload = done;
    script.onerror = fail;
    document.head.append(script);
  });

let index;
const loaded = () =>
  (index ??= Promise.all([load('minisearch.js'), load('search-documents.js')]).then(() => {
    const made = new MiniSearch({
      fields: ['heading', 'page', 'text'],
      storeFields: ['heading', 'page', 'text', 'href'],
      searchOptions: { boost: { heading: 4, page: 2 }, combineWith: 'AND', prefix: true, fuzzy: 0.1 },
    });
    made.addAll(window.searchDocuments);
    return made;
  }));

function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.textContent = text;
  return made;
}

/** The words around the first that was found. */
function excerpt({ text, terms }) {
  const at = Math.max(0, Math.min(...terms.map((term) => text.toLowerCase().indexOf(term)).filter((one) => one >= 0)));
  const from = Number.isFinite(at) ? Math.max(0, at - 60) : 0;
  return (from > 0 ? '…' : '') + text.slice(from, from + 160) + (from + 160 < text.length ? '…' : '');
}

function entry(found) {
  const link = element('a', '', { href: `${root}/${found.href}` });
  link.append(element('strong', found.heading));
  if (found.page !== found.heading) link.append(element('span', found.page, { className: 'of' }));
  link.append(element('span', excerpt(found), { className: 'excerpt' }));
  const item = document.createElement('li');
  item.append(link);
  return item;
}

async function search() {
  const words = input.value.trim();
  const found = words ? (await loaded()).search(words) : [];
  if (words !== input.value.trim()) return;
  const list = document.createElement('ul');
  list.append(...found.slice(0, MOST).map(entry));
  results.replaceChildren(found.length > 0 ? list : element('p', 'Nothing found.'));
  results.hidden = !words;
}

input.hidden = false;
input.addEventListener('focus', loaded, { once: true });
input.addEventListener('input', search);
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.target.matches('input, textarea')) {
    event.preventDefault();
    input.focus();
  } else if (event.key === 'Escape') results.hidden = true;
  else if (event.key === 'Enter' && event.target === input) results.querySelector('a')?.click();
});
document.addEventListener('click', (event) => {
  if (!event.target.closest('search')) results.hidden = true;
});
results.addEventListener('click', () => (results.hidden = true));

// Where there is little room the list of pages begins closed.
if (matchMedia('(max-width: 50rem)').matches) document.querySelector('nav details').open = false;
document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest' });
