// Are the translations whole and up to date?
//
//   node tests/wordpress/i18n.mjs           check
//   node tests/wordpress/i18n.mjs --write   write wu-cloudways.pot anew, merge it into the .po, compile the .mo
//
// The check fails when a text of the plugin is not in the .pot, when one has no French translation or one that lost a
// placeholder, when the .mo is not that of the .po, and when the engine knows a code, or fills in an argument, that the
// plugin has no words for.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
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
  checkCodes();
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

// The engine's codes, from its own source: what it can say must be in the plugin's words.
function checkCodes() {
  const here = JSON.parse(run('php', [join(root, 'tests/wordpress/message-codes.php')]));
  const note = readFileSync(join(root, 'src/note.rs'), 'utf8');
  const error = readFileSync(join(root, 'src/error.rs'), 'utf8');

  const noteCodes = codes(body(note, 'Note', 'code'));
  const noteArgs = argumentsOf(body(note, 'Note', 'code'), body(note, 'Note', 'args'));
  compare('note', noteCodes, here.notes, 20);
  compare('error', codes(body(error, 'Error', 'code')), Object.fromEntries(Object.entries(here.errors).filter(([code]) => !code.includes('.'))), 9);
  compare('fault of a constant', codes(body(error, 'ConfigFault', 'code')), here.constant_faults, 9);
  compare('reason of an invalid domain', codes(body(readFileSync(join(root, 'src/domain.rs'), 'utf8'), 'InvalidDomain', 'code')), here.invalid_domain_reasons, 16);
  compare('reason of an unknown DNS verdict', codes(body(source('dns'), 'Unknown', 'code')), here.dns_unknown_reasons, 2);
  for (const [, code, reason] of error.matchAll(/"reason": "([a-z_]+)"()/g)) {
    const known = Object.keys(here.errors).some((key) => key.endsWith(`.${code}`)) || code === 'constants';
    if (!known) problems.push(`no words for the reason "${code}" of an error${reason}`);
  }
  // An argument that the engine does not give would silently bring its English text.
  for (const [code, texts] of Object.entries(here.notes)) {
    const given = noteArgs.get(code);
    if (!given) continue;
    for (const name of new Set(texts.join(' ').match(/\{[a-z_]+\}/g) ?? [])) {
      if (!given.has(name.slice(1, -1))) problems.push(`the words of note "${code}" use ${name}, which the engine does not give`);
    }
  }
  console.log(`i18n: ${noteCodes.size} notes, ${Object.keys(here.errors).length} errors, ${Object.keys(here.problems).length} problems have words`);
}

/** The module, whether it is a file or a folder. */
function source(name) {
  const file = join(root, `src/${name}.rs`);
  const folder = join(root, `src/${name}`);
  const files = [];
  try {
    if (statSync(folder).isDirectory()) files.push(...readdirSync(folder).map((entry) => join(folder, entry)));
  } catch {
    // A file, then.
  }
  try {
    if (statSync(file).isFile()) files.push(file);
  } catch {
    // A folder, then.
  }
  return files.filter((path) => path.endsWith('.rs')).map((path) => readFileSync(path, 'utf8')).join('\n');
}

/** What stands between the braces of a function in an `impl Type`. */
function body(text, type, name) {
  const start = text.indexOf(`impl ${type} {`);
  const end = text.indexOf('\n}\n', start);
  const block = text.slice(start, end);
  const from = block.search(new RegExp(`pub (const )?fn ${name}\\(`));
  if (start < 0 || from < 0) {
    problems.push(`${type}::${name}() is not where it was in the engine's source; this check must follow it`);
    return '';
  }
  const to = block.indexOf('\n    }\n', from);
  return block.slice(from, to);
}

function codes(text) {
  return new Set([...text.matchAll(/=>\s*"([a-z0-9_]+)"/g)].map((match) => match[1]));
}

/** Code to the names of the arguments, by the enum's variants, which the match arms of code() and args() share. */
function argumentsOf(codeText, argsText) {
  const byVariant = new Map();
  for (const arm of argsText.split(/\n(?= {12}Self::)/)) {
    const [pattern, value = ''] = arm.split(/=>(.*)/s);
    const names = new Set([...value.matchAll(/"([a-z_]+)":/g)].map((match) => match[1]));
    for (const [, variant] of pattern.matchAll(/Self::([A-Za-z]+)/g)) byVariant.set(variant, names);
  }
  const byCode = new Map();
  for (const [, variant, code] of codeText.matchAll(/Self::([A-Za-z]+)[^=]*=>\s*"([a-z0-9_]+)"/g)) byCode.set(code, byVariant.get(variant) ?? new Set());
  return byCode;
}

function compare(what, engine, plugin, least) {
  if (engine.size < least) problems.push(`only ${engine.size} codes (${what}) were found in the engine's source, which cannot be all`);
  for (const code of engine) if (!(code in plugin)) problems.push(`no words for ${what} "${code}"`);
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
