// Is readme.txt of the form the plugin directory reads, and does it say what the plugin says? Reads files only.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const readme = read('wp-plugin/wu-cloudways/readme.txt');
const plugin = read('wp-plugin/wu-cloudways/wu-cloudways.php');
const [head, ...parts] = readme.split(/^== (?=[^=])/m);
const sections = new Map(parts.map((part) => [part.slice(0, part.indexOf(' ==')), part.slice(part.indexOf('\n')).trim()]));
const field = (name, text = head) => new RegExp(`^(?: \\* )?${name}: +(.+)$`, 'm').exec(text)?.[1].trim();

describe('readme.txt of the plugin', () => {
  it('begins with the name of the plugin', () => {
    assert.equal(/^=== (.+) ===\n/.exec(readme)[1], field('Plugin Name', plugin));
  });

  it('has header fields that are those of the plugin', () => {
    for (const name of ['Requires at least', 'Requires PHP']) assert.equal(field(name), field(name, plugin), name);
    assert.equal(field('Stable tag'), field('Version', plugin));
    assert.match(field('Tested up to'), /^\d+\.\d+$/);
    assert.equal(field('License'), 'GPLv2 or later');
    assert.equal(field('License', plugin), 'GPL-2.0-or-later');
    assert.match(field('License URI'), /^https:/);
    assert.ok(field('Tags').split(',').length <= 5, 'the directory shows five tags');
  });

  it('has a short description of at most 150 characters, without markup', () => {
    const short = head.trim().split('\n').at(-1);
    assert.ok(short.length > 40 && short.length <= 150, `${short.length} characters`);
    assert.doesNotMatch(short, /[*_`[\]]/);
  });

  it('has the sections of the directory, in their order', () => {
    assert.deepEqual([...sections.keys()], ['Description', 'Installation', 'Frequently Asked Questions', 'External services', 'Privacy', 'Screenshots', 'Changelog', 'Upgrade Notice']);
    for (const [name, text] of sections) assert.ok(text.length > 10, name);
  });

  it('names each service with what is sent, its terms and its privacy policy', () => {
    const services = sections.get('External services');
    for (const word of [/^= Cloudways Platform API =$/m, /^= Let's Encrypt =$/m, /^= DNS =$/m, /https:\/\/www\.cloudways\.com\/\S*terms/, /https:\/\/www\.cloudways\.com\/\S*privacy/, /https:\/\/letsencrypt\.org\/privacy/]) assert.match(services, word);
    // Where the extension sends its requests by itself.
    const address = /https:\/\/[a-z.]*cloudways\.com/.exec(read('README.md').match(/WU_CLOUDWAYS_API_URL` \| [^\n]*/)[0])[0];
    assert.ok(services.includes(address), address);
  });

  it('has a caption for each of the five screenshots', () => {
    assert.deepEqual(sections.get('Screenshots').split('\n').map((line) => line.split('.')[0]), ['1', '2', '3', '4', '5']);
  });

  it('begins its changelog with this version, and has an upgrade notice of at most 300 characters', () => {
    const version = field('Version', plugin);
    for (const name of ['Changelog', 'Upgrade Notice']) assert.ok(sections.get(name).startsWith(`= ${version} =`), name);
    assert.ok(sections.get('Upgrade Notice').length < 320);
  });

  it('names constants and hooks that are there', () => {
    const { constants } = JSON.parse(read('tests/golden/codes.json'));
    const named = [...readme.matchAll(/\bWU_CLOUDWAYS_[A-Z_]*[A-Z]\b/g)].map(([word]) => word);
    assert.deepEqual(named.filter((word) => !constants.includes(word)), []);
    for (const [, hook] of readme.matchAll(/`(wu_cloudways_\w+)`/g)) assert.ok(read('docs/hooks.md').includes(`### \`${hook}\``), hook);
  });
});
