// Names come from other machines. They are shown as text, and what would be invisible in them, or turn the text around them, is made visible.

/** Control characters (C0, C1), line separators, zero-width and bidirectional ones. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** The name with each invisible character as its code, such as ⟨U+202E⟩. */
export const visible = (name: string): string =>
  name.replace(INVISIBLE, (character) => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`);

/** Whether two names are those of the same host or service, as Windows compares them. */
export const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The order in which people look for names, as the server sorts hosts: app2 before app10. */
export const compareNames: (one: string, other: string) => number = new Intl.Collator('en', { numeric: true }).compare;

/** Whether a name holds the text, or matches it where it is a pattern with * and ?. */
export function matcher(text: string): (name: string) => boolean {
  const wanted = text.trim().toLowerCase();
  if (!/[*?]/.test(wanted)) return (name) => name.toLowerCase().includes(wanted);
  return (name) => matches(name.toLowerCase(), wanted);
}

/** Greedy with one place to come back to, so no pattern takes more than length times length. */
function matches(name: string, pattern: string): boolean {
  let n = 0,
    p = 0,
    star = -1,
    back = 0;
  while (n < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      back = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      n++;
      p++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++back;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
