// Are the translations whole and up to date?
//
//   node tests/wordpress/i18n.mjs           check
//   node tests/wordpress/i18n.mjs --write   write wu-cloudways.pot anew, merge it into the .po, compile the .mo
//
// The check fails when a text of the plugin is not in the .pot, when one has no French translation or one that lost a
// placeholder, when the .mo is not that of the .po, and when the engine or the plugin has a code without words.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORDPRESS_FILES, unpackWordPress } from '../../scripts/wordpress.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const plugin = join(root, 'wp-plugin/wu-cloudways');
const languages = join(plugin, 'languages');
const template = join(languages, 'wu-cloudways.pot');
const french = join(languages, 'wu-cloudways-fr_FR.po');
const compiled = join(languages, 'wu-cloudways-fr_FR.mo');

const problems = [];
const work = mkdtempSync(join(tmpdir(), 'wu-cloudways-i18n-'));
try {
  await unpackWordPress();
  if (process.argv.includes('--write')) {
    makeTemplate(template);
    run('msgmerge', ['--quiet', '--update', '--backup=none', '--no-fuzzy-matching', '--no-wrap', french, template]);
    run('msgattrib', ['--no-obsolete', '--no-wrap', '-o', french, french]);
    run('msgfmt', ['-o', compiled, french]);
  }
  checkTemplate();
  checkFrench();
  checkWords();
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (problems.length > 0) {
  for (const problem of problems) console.error(`i18n: ${problem}`);
  console.error('i18n: after a change of texts: node tests/wordpress/i18n.mjs --write, then translate what is new in the .po and run it again.');
  process.exit(1);
}

function checkTemplate() {
  const fresh = join(work, 'fresh.pot');
  makeTemplate(fresh);
  const is = new Set(messages(template).keys());
  const should = new Set(messages(fresh).keys());
  for (const id of should) if (!is.has(id)) problems.push(`not in the .pot: ${show(id)}`);
  for (const id of is) if (!should.has(id)) problems.push(`in the .pot and no longer in the plugin: ${show(id)}`);
  if (should.size < 150) problems.push(`only ${should.size} texts were found in the plugin, which cannot be all`);
}

function checkFrench() {
  // --check looks at the header, at plural forms and at %s and %1$s.
  run('msgfmt', ['--check', '-o', join(work, 'fresh.mo'), french]);
  const translations = messages(french);
  for (const [id] of messages(template)) {
    const found = translations.get(id);
    if (!found || found.texts.some((text) => text === '')) {
      problems.push(`no French for: ${show(id)}`);
    } else if (found.fuzzy) {
      problems.push(`the French is marked fuzzy: ${show(id)}`);
    } else if (found.texts.some((text) => braces(text) !== braces(found.id))) {
      problems.push(`the French has other {placeholders}: ${show(id)}`);
    }
  }
  const read = (mo) => run('msgunfmt', ['--no-wrap', mo]);
  if (read(join(work, 'fresh.mo')) !== read(compiled)) problems.push('the .mo is not that of the .po');
  console.log(`i18n: ${translations.size} texts, French whole`.replace('whole', problems.length ? 'checked' : 'whole'));
}

// Everything the engine can say, with real arguments (tests/golden/codes.json, which its own tests keep up to date), and
// every problem of the plugin, is put into words in both languages, without WordPress around.
function checkWords() {
  const said = JSON.parse(run('php', [join(root, 'tests/wordpress/words.php'), compiled, join(WORDPRESS_FILES, 'latest/wordpress')]));
  let number = 0;
  for (const [what, { en, fr }] of Object.entries(said)) {
    for (const part of Object.keys(en)) {
      if (en[part] === '' && fr[part] === '') continue;
      number += 1;
      if (en[part].includes('FALLBACK')) problems.push(`no words for the ${part} of ${what}`);
      else if (en[part] === fr[part]) problems.push(`no French for the ${part} of ${what}: ${JSON.stringify(en[part])}`);
      for (const words of [en[part], fr[part]]) {
        if (/\{[a-z_]+\}|%[0-9s]/.test(words)) problems.push(`a placeholder was not filled in, in the ${part} of ${what}: ${JSON.stringify(words)}`);
      }
    }
  }
  if (number < 130) problems.push(`only ${number} texts were tried, which cannot be all`);
  console.log(`i18n: ${Object.keys(said).length} notes, errors, reasons and problems in both languages`);
}

function makeTemplate(file) {
  // Without line numbers the file changes only when a text does.
  const copy = join(work, 'wu-cloudways');
  cpSync(plugin, copy, { recursive: true });
  run('php', [
    '-d', 'error_reporting=E_ALL & ~E_DEPRECATED', join(WORDPRESS_FILES, 'wp-cli/wp-cli.phar'), '--allow-root', '--quiet', 'i18n', 'make-pot', copy, file, '--domain=wu-cloudways',
    '--no-location', '--skip-js', '--headers={"POT-Creation-Date":"","X-Generator":"","Report-Msgid-Bugs-To":"","Last-Translator":""}',
  ]);
  rmSync(copy, { recursive: true });
}

/** The messages of a .po or .pot: context and text to what is there, without the header. */
function messages(file) {
  const found = new Map();
  for (const block of readFileSync(file, 'utf8').split(/\n{2,}/)) {
    const entry = { msgctxt: '', msgid: null, plural: null, texts: [], fuzzy: /^#,.*\bfuzzy\b/m.test(block) };
    let add = null;
    for (const line of block.split('\n')) {
      if (line.startsWith('#')) continue;
      const match = /^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)?\s*"(.*)"$/.exec(line);
      if (!match) continue;
      const text = JSON.parse(`"${match[2]}"`);
      if (match[1] === 'msgctxt') add = (more) => (entry.msgctxt += more);
      else if (match[1] === 'msgid') add = (more) => (entry.msgid = (entry.msgid ?? '') + more);
      else if (match[1] === 'msgid_plural') add = (more) => (entry.plural = (entry.plural ?? '') + more);
      else if (match[1]) {
        const index = entry.texts.push('') - 1;
        add = (more) => (entry.texts[index] += more);
      }
      add(text);
    }
    if (entry.msgid) found.set(`${entry.msgctxt}\u0004${entry.msgid}`, { id: entry.plural ?? entry.msgid, texts: entry.texts, fuzzy: entry.fuzzy });
  }
  return found;
}

function braces(text) {
  return [...new Set(text.match(/\{[a-z_]+\}/g) ?? [])].sort().join(' ');
}

function show(id) {
  return JSON.stringify(id.split('\u0004').filter(Boolean).join(': '));
}

function run(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 << 20, env: { ...process.env, WP_CLI_DISABLE_AUTO_CHECK_UPDATE: '1' } });
}
