// Is a screen French to its last word? Compares what is seen, and what a screen reader says, with the English texts of the
// plugin; and looks for English that is in no list at all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OURS } from './browser.mjs';
import { ROOT } from './lab.mjs';

const LANGUAGES = join(ROOT, 'wp-plugin/wu-cloudways/languages');

// Words of which every English sentence has some and no French one has any, and what English dates are made of.
const ENGLISH = /(?<![\w'’.-])(the|is|are|was|were|with|from|this|that|not|has|have|and|of|for|to|will|your|you|when|which|by|its|it|been|ago|hours?|days?|seconds?|weeks?|months?|January|February|March|April|June|July|August|September|October|November|December|yes|unknown|done|failed|loaded|search|filter|apply|next|none|never)(?![\w'’-]|\.\w)/i;

const WORDPRESS = ['Select All'];

const PLACEHOLDER = /%(?:\d+\$)?[sd]|\{[a-z_]+\}/g;

let texts;

/** The English texts whose French is another, as patterns: whole lines, and sentences anywhere. */
function patterns() {
  texts ??= entries(readFileSync(join(LANGUAGES, 'wu-cloudways-fr_FR.po'), 'utf8'))
    .flatMap(({ ids, french }) => ids.filter((id) => /\p{L}{2}/u.test(id.replace(PLACEHOLDER, '')) && !french.includes(id)))
    .map((id) => {
      const pattern = id
        .replace(/<[^>]+>/g, '')
        .split(/(%(?:\d+\$)?[sd]|\{[a-z_]+\}|%%)/)
        .map((part, i) => (i % 2 ? (part === '%%' ? '%' : '.+?') : escape(part).replace(/\s+/g, '\\s+')))
        .join('');
      // A short text may be a French word, too, as a part of a line; as a whole line it is an English one.
      const sentence = id.replace(PLACEHOLDER, '').trim();
      return { id, pattern: new RegExp(sentence.length > 14 && sentence.includes(' ') ? pattern : `^${pattern}$`) };
    });
  return texts;
}

/** What is English in the plugin's parts of a page: a line each. */
export async function english(tab, selector = OURS) {
  const lines = await tab.page.evaluate((wanted) => {
    const found = new Set();
    const code = 'code, pre, kbd, samp, script, style, textarea';
    for (const part of document.querySelectorAll(wanted)) {
      // What is code is not read: it is the same in every language.
      const copy = part.cloneNode(true);
      copy.querySelectorAll(code).forEach((element) => element.replaceWith('`'));
      const host = document.body.appendChild(document.createElement('div'));
      host.append(copy);
      for (const line of host.innerText.split(/[\n\t]+/)) found.add(line.trim());
      host.remove();
      for (const element of [part, ...part.querySelectorAll('*')]) {
        if (element.closest(code)) continue;
        for (const name of ['aria-label', 'aria-description', 'aria-valuetext', 'title', 'placeholder', 'alt', 'data-colname', 'data-label']) if (element.getAttribute(name)) found.add(element.getAttribute(name).trim());
        if (element.matches('option, .screen-reader-text, [role="status"], [aria-live], template')) found.add((element.content ?? element).textContent.replace(/\s+/g, ' ').trim());
        if (element.matches('input[type="submit"], input[type="button"]')) found.add(element.value.trim());
      }
    }
    found.delete('');
    return [...found];
  }, selector);
  // Names of things: UM's and Cloudways' are what they are.
  const names = /\b(Let[’']s Encrypt|Ultimate Multisite|WP-CLI|Site Health|Action Scheduler|Access Tokens?|API|WP_ENVIRONMENT_TYPE)\b|https?:\S+|[\w.-]+\.example|WU_[A-Z_]+|wp-config\.php/g;
  return lines.flatMap((line) => {
    // WordPress's own tables, whose words its own files may lack.
    if (WORDPRESS.includes(line)) return [];
    const plain = line.replace(names, '');
    const known = patterns().find(({ pattern }) => pattern.test(line));
    if (known) return [`"${line}" is the English "${known.id}"`];
    const word = ENGLISH.exec(plain);
    if (word) return [`"${line}" has the English word "${word[0]}"`];
    if (/%(\d+\$)?[sd]\b|\{[a-z_]+\}|\bundefined\b|\bNaN\b|\bnull\b/.test(plain)) return [`"${line}" has a hole`];
    return [];
  });
}

/** Fails on English in the plugin's parts of the page. */
export async function isFrench(tab, what, selector = OURS) {
  const found = await english(tab, selector);
  assert.deepEqual(found, [], `${what} is not French:\n${found.join('\n')}`);
}

/** The messages of a .po: the English ones (singular and plural) and the French. */
function entries(po) {
  return po.split(/\n{2,}/).map((block) => {
    const fields = {};
    let key = null;
    for (const line of block.split('\n')) {
      const match = /^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)?\s*"(.*)"$/.exec(line);
      if (!match) continue;
      key = match[1] ?? key;
      fields[key] = (fields[key] ?? '') + JSON.parse(`"${match[2]}"`);
    }
    return { ids: [fields.msgid, fields.msgid_plural].filter(Boolean), french: Object.entries(fields).filter(([name]) => name.startsWith('msgstr')).map(([, value]) => value) };
  });
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
