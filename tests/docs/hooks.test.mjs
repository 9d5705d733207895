// Does docs/hooks.md have every hook, route, constant and memory key of the plugin, and none besides?
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PLUGIN = join(ROOT, 'wp-plugin/wu-cloudways');
const doc = readFileSync(join(ROOT, 'docs/hooks.md'), 'utf8');
const sources = readdirSync(PLUGIN, { recursive: true }).filter((file) => file.endsWith('.php')).map((file) => readFileSync(join(PLUGIN, file), 'utf8'));
const source = sources.join('\n');
const unique = (list) => [...new Set(list)].sort();

/** What is below a heading of the second level, up to the next one. */
const section = (title) => new RegExp(`^## ${title}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(doc)?.[1] ?? '';
/** Headings of the third level with what is below each. */
const entries = (title) => section(title).split(/^### /m).slice(1).map((entry) => ({ name: /^`([^`]+)`/.exec(entry)[1], entry }));
const blocks = (text, language) => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code);
const rows = (text) => [...text.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word));

describe('docs/hooks.md', () => {
  for (const [title, call, add] of [['Filters', 'apply_filters', 'add_filter'], ['Actions', 'do_action', 'add_action']]) {
    const known = entries(title);
    const calls = [...source.matchAll(new RegExp(`\\b${call}\\( '(wu_cloudways_\\w+)'`, 'g'))].map(([, name]) => name);

    it(`has every ${call}() of the plugin, and none besides`, () => {
      assert.ok(calls.length > 1, 'these are not all');
      assert.deepEqual(known.map(({ name }) => name).sort(), unique(calls));
    });

    it(`has no hook whose name is put together, which nobody could look for: ${call}()`, () => {
      const others = [...source.matchAll(new RegExp(`\\b${call}\\( (?!'(?:wu_cloudways_\\w+|https_local_ssl_verify)')([^,)]*)`, 'g'))].map(([, name]) => name);
      assert.deepEqual(others, []);
    });

    for (const { name, entry } of known) {
      it(`says of ${name} what it gets, and shows how it is used`, () => {
        const parameters = rows(entry).map((word) => /\$\w+$/.exec(word)?.[0]);
        assert.ok(parameters.length > 0 && parameters.every(Boolean), `its parameters are not in a table: ${parameters}`);
        const example = blocks(entry, 'php').find((code) => code.includes(`${add}( '${name}'`));
        assert.ok(example, 'there is no example');
        if (add === 'add_filter') assert.match(entry, /^\| returns \| /m, 'it is not said what it returns');
        // An example that takes two arguments has to say so to WordPress.
        const taken = /function \(([^)]*)\)/.exec(example)[1].split(',').length;
        assert.ok(taken <= parameters.length, 'the example takes more than there is');
        if (taken > 1) assert.match(example, new RegExp(`\\}, 10, ${taken} \\);`), 'the example does not say how many arguments it takes');
      });
    }
  }

  it('has every route of the REST API, and none besides', () => {
    const namespace = /const ROUTES += '([^']+)'/.exec(source)?.[1];
    const found = [...source.matchAll(/register_rest_route\(\s*(self::ROUTES|'[^']+'),\s*'([^']+)',\s*array\(\s*'methods'\s*=>\s*\\?WP_REST_Server::(\w+)/g)];
    const methods = { READABLE: 'GET', CREATABLE: 'POST', DELETABLE: 'DELETE', EDITABLE: 'PUT' };
    assert.equal(found.length, [...source.matchAll(/register_rest_route\(/g)].length, 'a route is registered in a way that this test cannot read');
    const routes = found.map(([, space, path, method]) => `${methods[method]} /${space.startsWith("'") ? space.slice(1, -1) : namespace}${path}`);
    assert.deepEqual(entries('REST').map(({ name }) => name).sort(), routes.sort());
  });

  it('names the job as the plugin does', () => {
    assert.deepEqual(entries('Jobs').map(({ name }) => name), [/const RUN_HOOK += '(\w+)'/.exec(source)[1]]);
  });

  it('has every key of the memory, and none besides', () => {
    const listed = /\* Names in the memory table:\n \*\n([\s\S]*?)\n \*\//.exec(source)[1];
    const kept = [...listed.matchAll(/^ \* {5}(\w\S*(?:, \w+)*) +(?:number|value)/gm)].flatMap(([, names]) => names.split(', '));
    const alarms = [...new Set([.../\* {5}array\{code: ([^,]+), since/.exec(source)[1].matchAll(/'(\w+)'/g)].map(([, code]) => code))];
    const wanted = kept.flatMap((name) => (name === 'mail_…' ? alarms.map((code) => `mail_${code}`) : [name]));
    assert.ok(wanted.length > 20, `these are not all keys: ${wanted}`);
    assert.deepEqual(unique(rows(section('Memory'))), unique(wanted));
    // And the list in the source has what the source uses.
    const used = [...source.matchAll(/(?:store(?:\(\))?|\$this)->(?:put|put_missing|number|value|forget|take_turn|raise|names|change_names)\( '(\w+)'/g)].map(([, name]) => name);
    assert.ok(used.length > 20, 'these are not all uses');
    assert.deepEqual(unique(used).filter((name) => !wanted.includes(name) && name !== 'mail_'), []);
  });

  it('names constants, classes and methods that are there', () => {
    for (const [, name] of doc.matchAll(/\b(WU_CLOUDWAYS_SYNC_\w+)\b/g)) assert.match(source, new RegExp(`define\\( '${name}'`), name);
    for (const [, name, member] of doc.matchAll(/\\WU_Cloudways\\(\w+)(?:::(\w+))?/g)) {
      const file = sources.find((code) => new RegExp(`^(?:final )?class ${name}\\b`, 'm').test(code));
      assert.ok(file, `there is no class ${name}`);
      if (member) assert.match(file, new RegExp(`(?:const ${member}\\b|public static function ${member}\\()`), `${name}::${member}`);
    }
    const methods = [...doc.matchAll(/(?:\b(runner|decisions|store|scheduler)\(\)|\$(store))?->(\w+)\(/g)];
    assert.ok(methods.length > 10);
    for (const [, , , method] of methods) assert.match(source, new RegExp(`public function ${method}\\(`), `there is no method ${method}()`);
  });

  it('has examples in PHP that PHP can read', () => {
    const examples = blocks(doc, 'php');
    assert.ok(examples.length > 7);
    for (const code of examples) {
      execFileSync('php8.2', ['-d', 'display_errors=stderr', '-l'], { input: `<?php\n${code}`, stdio: ['pipe', 'ignore', 'inherit'] });
    }
  });
});
