// Does every rule name tests, and do those tests exist? Reads files only.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const rules = readFileSync(join(ROOT, 'docs/rules.md'), 'utf8').split(/^## /m).slice(1);

/** The files in which the tests of a module may be. */
const sources = (module) =>
  [`tests/it/${module}.rs`, `src/${module}.rs`, `src/cloudways/${module}.rs`].map((file) => join(ROOT, file)).filter(existsSync);

describe('docs/rules.md', () => {
  it('has the nine rules in their order', () => {
    assert.deepEqual(rules.map((rule) => Number.parseInt(rule, 10)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  for (const rule of rules) {
    const [title] = rule.split('\n');
    it(`names tests that exist for each line of ${title}`, () => {
      const lines = rule.split('\n').filter((line) => line.startsWith('| ') && line !== '| | tests |' && !line.startsWith('| ---'));
      assert.ok(lines.length > 0);
      for (const line of lines) {
        const tests = [...line.matchAll(/`(\w+)::(\w+)`/g)];
        assert.ok(tests.length > 0, `no test is named by: ${line}`);
        for (const [name, module, test] of tests) {
          const found = sources(module).some((file) => new RegExp(`#\\[test\\][^{]*\\bfn ${test}\\(`).test(readFileSync(file, 'utf8')));
          assert.ok(found, `${name} is no test`);
        }
      }
    });
  }
});
