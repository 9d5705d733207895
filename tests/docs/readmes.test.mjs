// Do the two READMEs say the same, and what the code says? Reads files only; nothing has to be built.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const codes = JSON.parse(read('tests/golden/codes.json'));
const readmes = Object.fromEntries(['README.md', 'README.fr.md'].map((name) => [name, parse(read(name))]));
const unique = (list) => [...new Set(list)].sort();

/** Headings, fenced blocks, tables and words in backticks of a Markdown file. */
function parse(text) {
  const blocks = [];
  const prose = text.replace(/^([ ]*)```(\w*)\n([\s\S]*?)^[ ]*```$/gm, (_, indent, language, code) => {
    blocks.push({ language, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') });
    return '';
  });
  const headings = [...prose.matchAll(/^(#+) (.+)$/gm)].map(([, marks, title]) => ({ level: marks.length, title }));
  const tables = [];
  let open = false;
  for (const line of prose.split('\n')) {
    if (!line.startsWith('|')) open = false;
    else if (open) tables.at(-1).push(line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim()));
    else if (/^\|[- |]+\|$/.test(line)) {
      open = true;
      tables.push([]);
    }
  }
  const words = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word);
  return { text, prose, blocks, headings, tables, words };
}

/** The rows of the table in which every one of these words begins a row. */
function table(readme, words) {
  const found = readme.tables.filter((rows) => words.every((word) => rows.some(([first]) => first.startsWith(`\`${word}\``))));
  assert.equal(found.length, 1, `there are ${found.length} tables with ${words.join(', ')}`);
  return found[0];
}

const first = (rows) => rows.map(([cell]) => cell.replaceAll('`', ''));

describe('the two READMEs', () => {
  const [english, french] = Object.values(readmes);

  it('have the same sections in the same order', () => {
    assert.ok(english.headings.length > 10, 'these are not all headings');
    assert.deepEqual(
      french.headings.map(({ level }) => level),
      english.headings.map(({ level }) => level),
      `${english.headings.map(({ title }) => title)}\n${french.headings.map(({ title }) => title)}`,
    );
  });

  it('have the same commands and the same code', () => {
    const code = ({ blocks }) => blocks.filter(({ language }) => language !== 'text');
    assert.ok(code(english).length > 5, 'these are not all blocks');
    assert.deepEqual(code(french), code(english));
    assert.equal(french.blocks.length, english.blocks.length);
  });

  it('have tables of the same size with the same words in their first column', () => {
    assert.ok(english.tables.length > 10, 'these are not all tables');
    const shape = ({ tables }) => tables.map((rows) => rows.map((row) => [row.length, /^[`\d]\S*(, `\S+`)*$/.test(row[0]) ? row[0] : '']));
    assert.deepEqual(shape(french), shape(english));
  });

  it('name the same things', () => {
    const name = (word) => /^[A-Za-z0-9_\\$./%:*-]+(\(\))?$/.test(word);
    assert.deepEqual(unique(french.words.filter(name)), unique(english.words.filter(name)));
  });
});

for (const [name, readme] of Object.entries(readmes)) {
  describe(name, () => {
    it('lists every constant, and none that is not read', () => {
      assert.deepEqual(first(table(readme, ['WU_CLOUDWAYS_EMAIL'])), codes.constants);
      const known = [...codes.constants, 'WU_CLOUDWAYS_STATE_FILE'];
      const named = unique([...readme.text.matchAll(/\bWU_CLOUDWAYS_[A-Z_]*[A-Z]\b/g)].map(([word]) => word));
      assert.deepEqual(named.filter((word) => !known.includes(word)), []);
    });

    it('lists every error with its class and number', () => {
      const rows = table(readme, ['config_invalid']);
      const numbers = new Map(codes.errors.map(({ code, exit }) => [code, String(exit)]));
      assert.deepEqual(unique(first(rows)), unique([...numbers.keys()]));
      const stub = read('php/stubs/wu_cloudways.stub.php');
      for (const [code, type, number, means, remedy] of rows) {
        assert.equal(number, numbers.get(code.replaceAll('`', '')), code);
        assert.match(stub, new RegExp(`class ${type.replaceAll('`', '')} extends`), code);
        assert.ok(means && remedy, `${code} has no words`);
      }
    });

    it('lists every note', () => {
      const rows = table(readme, ['invalid_domain']);
      assert.deepEqual(unique(first(rows)), unique(codes.notes.map(({ code }) => code)));
      for (const [code, words] of rows) assert.ok(words, `${code} has no words`);
    });

    it('lists every exit code of the command', () => {
      const doc = /## EXIT CODES\n([\s\S]*?)\*\//.exec(read('wp-plugin/wu-cloudways/includes/class-cli.php'))[1];
      const wanted = unique([...doc.matchAll(/^ \* {5}(\d+) /gm)].map(([, code]) => code));
      assert.ok(wanted.length > 10, 'these are not all exit codes');
      const own = readme.tables.find((rows) => rows.some(([code]) => code === '70')) ?? [];
      assert.deepEqual(unique([...first(own), ...codes.errors.map(({ exit }) => String(exit))]), wanted);
    });

    it('lists every option and every key of the report', () => {
      const sync = /@param array<array-key, string\|array\{[^\n]*\$domains\n([\s\S]*?)function wu_cloudways_sync/.exec(read('php/stubs/wu_cloudways.stub.php'))[1];
      const [options, report] = sync.split('@return');
      const keys = (text, mark) => unique([...text.matchAll(new RegExp(`^ +\\* {5}(\\w+)${mark}:`, 'gm'))].map(([, key]) => key));
      assert.deepEqual(unique(first(table(readme, ['state', 'www']))), keys(options, '\\?'));
      assert.deepEqual(unique(first(table(readme, ['state', 'status']))), keys(report, ''));
    });

    it('lists every command, with options that exist', () => {
      const folder = 'wp-plugin/wu-cloudways/includes';
      const source = readdirSync(join(ROOT, folder)).filter((file) => file.startsWith('class-cli')).map((file) => read(join(folder, file))).join('\n');
      const commands = [...source.matchAll(/public function (\w+)\( \$args, \$assoc_args \)/g)].map(([, command]) => `wp wu-cloudways ${command}`);
      const rows = table(readme, ['wp wu-cloudways sync']);
      assert.deepEqual(unique(first(rows)), unique(commands));
      const options = rows.flatMap((row) => [...row[1].matchAll(/`--([a-z-]+)/g)].map(([, option]) => option));
      assert.ok(options.length > 4, 'these are not all options');
      const registered = [...read(`${folder}/class-cli.php`).matchAll(/^\t\t'(\w+)' +=> CLI_\w+::class,$/gm)].map(([, command]) => `wp wu-cloudways ${command}`);
      assert.deepEqual(unique(registered), unique(commands), 'a command is not added, or is none');
      for (const option of options) assert.match(source, new RegExp(`^\\t \\* \\[--(\\[no-\\])?${option.replace(/^no-/, '')}\\b`, 'm'), option);
    });

    it('has the example as it is, and its output as the extension is tested to give it', () => {
      const example = read('php/examples/sync.php');
      assert.ok(readme.blocks.some(({ code }) => code === example), 'php/examples/sync.php is not in it, letter by letter');
      const expected = /--EXPECTF--\n([\s\S]*)$/.exec(read('tests/phpt/example.phpt'))[1];
      const outputs = expected.split(/^-> \d+$/m).map((part) => part.replace(/^[^]*?\n\)\n/, '').trimStart());
      assert.ok(outputs.length >= 3, 'the test of the example is not as it was');
      for (const output of outputs.slice(0, 3)) {
        const pattern = output.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('%s', '[^\\n]+');
        assert.ok(readme.blocks.some(({ code }) => new RegExp(`^${pattern}$`).test(code)), `this output is not in it:\n${output}`);
      }
    });

    it('names targets, files and links that are there', () => {
      const targets = [...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target);
      const code = readme.blocks.filter(({ language }) => language === 'sh').map((block) => block.code);
      const made = [...readme.words, ...code.join('\n').split('\n')].flatMap((line) => [.../^make ([a-z-]+)/.exec(line) ?? []].slice(1));
      assert.ok(made.includes('run') && made.includes('test'), 'it does not say make run and make test');
      for (const target of made) assert.ok(targets.includes(target), `make ${target}`);
      const links = [...readme.prose.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link).filter((link) => !link.includes('://'));
      const paths = readme.words.filter((word) => /^(src|php|wp-plugin|tests|scripts|docs|Makefile|\.ci)(\/|$)/.test(word));
      assert.ok(links.length > 5 && paths.length > 10, 'these are not all paths');
      for (const path of [...links, ...paths]) assert.ok(existsSync(join(ROOT, path)), path);
    });
  });
}
