// Do docs/cloudways.md and its French twin say the same, and what install.php, doctor and the READMEs say?
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = ['docs/cloudways.md', 'docs/cloudways.fr.md'];
const installer = read('php/install/install.php');

/** What both pages have to have in common. */
function shape(text) {
  const blocks = [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, indent, language, code]) => [language, code.replaceAll(new RegExp(`^${indent}`, 'gm'), '')]);
  const prose = text.replace(/^( *)```\w*\n[\s\S]*?^ *```$/gm, '');
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, marks]) => marks.length),
    steps: [...prose.matchAll(/^(\d+)\. /gm)].map(([, number]) => number),
    blocks,
    rows: prose.split('\n').filter((line) => line.startsWith('|')).map((line) => line.split(/(?<!\\)\|/).length),
    // Words of the page's own language apart: what install.php says is another sentence in French.
    words: [...new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word))].filter((word) => !installer.includes(word) || /^[a-z0-9._/-]+(\(\))?$/i.test(word)).sort(),
    places: [...prose.replaceAll('\n', ' ').replace(/ +/g, ' ').matchAll(/(?<!\*)\*([A-Z][^*]+)\*(?!\*)/g)].map(([, place]) => place).sort(),
  };
}

describe('docs/cloudways.md and its French twin', () => {
  const [english, french] = PAGES.map((page) => shape(read(page)));

  it('are equal in structure, commands and names', () => {
    assert.ok(english.headings.length > 8 && english.blocks.length > 5 && english.rows.length > 30 && english.places.length > 8, 'this is not all');
    for (const part of Object.keys(english)) assert.deepEqual(french[part], english[part], part);
  });

  for (const page of PAGES) {
    const text = read(page);
    const own = page.endsWith('.fr.md') ? installer.slice(installer.indexOf('const FRENCH')) : installer.slice(0, installer.indexOf('const FRENCH'));

    it(`${page}: lists every code that install.php ends with`, () => {
      const codes = [...installer.slice(0, installer.indexOf('*/')).matchAll(/^ \* {5}(\d) /gm)].map(([, code]) => code);
      assert.deepEqual([...text.matchAll(/^\| `(\d)` \|/gm)].map(([, code]) => code), codes);
    });

    it(`${page}: quotes install.php as it speaks`, () => {
      const rows = [...text.matchAll(/^\| `([^`]+)` \|[^|]*`install\.php`/gm)].map(([, message]) => message);
      assert.equal(rows.length, 4);
      for (const message of rows) assert.ok(own.includes(message), `install.php does not say: ${message}`);
    });

    it(`${page}: gives commands and options that there are`, () => {
      for (const [, command] of text.matchAll(/install\.php (\w+)/g)) assert.match(installer, new RegExp(`case '${command}':`), command);
      for (const [, option] of text.matchAll(/(?<![\w-])--(php|lang|unseen|sha256)\b/g)) assert.ok(own.includes(`--${option}`), option);
      const doctor = read('wp-plugin/wu-cloudways/includes/class-doctor.php');
      for (const [, checks] of text.matchAll(/wu-cloudways doctor ((?:[a-z_]+ ?)+)/g)) for (const check of checks.trim().split(' ')) assert.ok(doctor.includes(`'${check}'`), check);
    });

    it(`${page}: names the file as install.php does`, () => {
      const names = new Set([...text.matchAll(/wu_cloudways-VERSION-\S+?\.so/g)].map(([name]) => name));
      assert.deepEqual([...names].sort(), ['wu_cloudways-VERSION-php8.2.so', 'wu_cloudways-VERSION-php8.4.so']);
      assert.ok(installer.includes("'%s-%s-php%s%s%s.so'"), 'install.php gives another name');
    });

    it(`${page}: leads to places that there are`, () => {
      for (const [, file, anchor] of text.matchAll(/\]\(([^)#\s]+)(?:#([^)]+))?\)/g)) {
        const target = read(join('docs', file));
        const anchors = [...target.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, '').replaceAll(' ', '-'));
        assert.ok(!anchor || anchors.includes(anchor), `${file} has no ${anchor}`);
      }
    });
  }

  it('is where the plugin’s own guide puts the file, too', () => {
    const guide = read('wp-plugin/wu-cloudways/includes/class-guide.php');
    assert.match(guide, /private_html\/wu_cloudways-%s-php%s%s\.so/);
    assert.ok(guide.includes(' install.php install '), 'the guide does not name the script');
  });
});
