// Parts of the packaging: what must hold for a file that is shipped, whose work is in it, and a zip that only depends
// on what is in it.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { ROOT } from './dist-facts.mjs';

const MACHINES = { x86_64: 62, arm64: 183 };
// What every glibc system has. Rust's panics are unwound by what Zig links in, so libgcc_s is not needed.
const LIBRARIES = /^(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|ld-linux-(x86-64|aarch64)\.so\.[12])$/;
// PHP asks for the first, a PHP with this extension built in for the second.
const EXPORTS = ['get_module', 'wu_cloudways_get_module'];

/** What is wrong with a built extension, in words; nothing when it may be shipped. */
export function checkBinary(file, { php, api, arch, zts = false }, glibc, paths) {
  const wrong = [];
  const bytes = readFileSync(file);
  const readelf = (...args) => execFileSync('readelf', ['--wide', ...args, file], { encoding: 'utf8', maxBuffer: 1 << 28 });

  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes.readUInt16LE(18) !== MACHINES[arch]) wrong.push(`is not an ELF file for ${arch}`);
  const build = `API${api},${zts ? 'TS' : 'NTS'}\0`;
  if (!bytes.includes(build)) wrong.push(`does not bear the build id ${build.slice(0, -1)} of PHP ${php}`);

  const newer = (a, b) => a.split('.').map(Number).reduce((so, part, i) => so || part - (b.split('.')[i] ?? 0), 0) > 0;
  const versions = [...new Set([...readelf('--version-info').matchAll(/GLIBC_([\d.]+)/g)].map(([, number]) => number))];
  if (!versions.length) wrong.push('names no version of glibc: was it linked against it?');
  const tooNew = versions.filter((number) => newer(number, glibc));
  if (tooNew.length) wrong.push(`needs glibc ${tooNew.join(', ')}; ${glibc} has to do`);
  const other = [...readelf('--dynamic').matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name).filter((name) => !LIBRARIES.test(name));
  if (other.length) wrong.push(`needs ${other.join(', ')}`);
  if (/\((RPATH|RUNPATH)\)/.test(readelf('--dynamic'))) wrong.push('has a search path of its own for libraries');

  const exported = [...readelf('--dyn-syms').matchAll(/(?:GLOBAL|WEAK)\s+DEFAULT\s+\d+ (\S+)/g)].map(([, name]) => name.split('@')[0]);
  if (exported.sort().join() !== EXPORTS.join()) wrong.push(`exports ${exported.slice(0, 10).join(', ') || 'nothing'} instead of ${EXPORTS.join(' and ')}`);
  if (/\.symtab|\.debug_/.test(readelf('--section-headers'))) wrong.push('is not stripped');

  for (const path of paths) if (bytes.includes(`${path}/`)) wrong.push(`holds the path ${path} of this machine`);
  // Switches that tests pull in debug builds are words of this kind as well, and must not be there.
  const constants = JSON.parse(readFileSync(join(ROOT, 'tests', 'golden', 'codes.json'), 'utf8')).constants;
  const unknown = [...bytes.toString('latin1').matchAll(/WU_CLOUDWAYS_[A-Z][A-Z_]+/g)].map(([word]) => word).filter((word) => !constants.some((known) => word.startsWith(known)));
  if (unknown.length) wrong.push(`knows ${[...new Set(unknown)].join(', ')}, which nobody else does`);
  return wrong;
}

/** The crates whose code is in the file: what the extension needs when it runs, without macros and build scripts. */
export function shippedCrates(metadata) {
  const packages = new Map(metadata.packages.map((item) => [item.id, item]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const seen = new Set();
  const walk = (id) => {
    if (seen.has(id) || packages.get(id).targets.some(({ kind }) => kind.includes('proc-macro'))) return;
    seen.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) walk(pkg);
  };
  const root = metadata.packages.find(({ name }) => name === 'wu_cloudways').id;
  walk(root);
  seen.delete(root);
  return [...seen].map((id) => packages.get(id)).sort((a, b) => `${a.name} ${a.version}`.localeCompare(`${b.name} ${b.version}`, 'en'));
}

// Crates that bring no text of their licence along: they take that of another crate of the same repository.
const BORROWED = { 'ext-php-rs-introspection': 'ext-php-rs' };

/** The list of crates with their licences, then each text once, with the crates that it came with. */
export function licenceTexts(crates, others) {
  const list = [];
  const texts = new Map();
  const add = (label, folder, files) => {
    const found = files ?? readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice|copyright|unlicense)/i.test(name) && !/\.html$/.test(name)).sort();
    for (const name of found) {
      const text = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').replace(/[ \t]+$/gm, '').trim();
      if (!texts.has(text)) texts.set(text, []);
      texts.get(text).push(label);
    }
    return found.length;
  };
  for (const { name, version, license, folder, files } of others) {
    list.push([name, version, license]);
    if (!add(`${name} ${version}`, folder, files)) throw new Error(`${folder} has no text of a licence`);
  }
  for (const crate of crates) {
    const { name, version, license, authors } = crate;
    list.push([name, version, license, ...(name === 'psl' ? ['with the data of the Public Suffix List, MPL-2.0, publicsuffix.org'] : [])]);
    if (!license) throw new Error(`${name} names no licence`);
    const lender = crates.find((other) => other.name === BORROWED[name]) ?? crate;
    if (!add(`${name} ${version}`, dirname(lender.manifest_path))) throw new Error(`${name} (${license}, ${authors}) brings no text of its licence along`);
  }
  const line = '='.repeat(78);
  return [
    'wu_cloudways.so holds the work of others. These are their parts, versions and licences; the texts follow, each once,',
    'with the parts that it came with.',
    '',
    ...list.map(([name, version, license, more]) => `${name} ${version}: ${license}${more ? ` (${more})` : ''}`),
    ...[...texts].flatMap(([text, labels]) => ['', line, labels.join('\n'), line, '', text]),
    '',
  ].join('\n');
}

/** What is inside, as CycloneDX 1.5. */
export function sbom(crates, { version, commit, epoch, lock }) {
  const checksum = (crate) => new RegExp(`^name = "${crate.name}"\\nversion = "${crate.version.replaceAll('.', '\\.').replace('+', '\\+')}"\\nsource = .*\\nchecksum = "([0-9a-f]{64})"$`, 'm').exec(lock)?.[1];
  return `${JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: { type: 'library', name: 'wu_cloudways', version, licenses: [{ expression: 'MIT OR Apache-2.0' }], properties: [{ name: 'commit', value: commit }] },
    },
    components: crates.map((crate) => ({
      type: 'library',
      name: crate.name,
      version: crate.version,
      purl: `pkg:cargo/${crate.name}@${crate.version}`,
      licenses: [{ expression: crate.license.replaceAll('/', ' OR ') }],
      ...(checksum(crate) ? { hashes: [{ alg: 'SHA-256', content: checksum(crate) }] } : {}),
    })),
  }, null, 1)}\n`;
}

/** A zip file of [name, content] in the order of their names, all with the same time. */
export function zip(entries, epoch) {
  const when = new Date(epoch * 1000);
  const time = (when.getUTCHours() << 11) | (when.getUTCMinutes() << 5) | (when.getUTCSeconds() >> 1);
  const date = ((when.getUTCFullYear() - 1980) << 9) | ((when.getUTCMonth() + 1) << 5) | when.getUTCDate();
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const packed = deflateRawSync(content, { level: 9 });
    const path = Buffer.from(name);
    const shared = Buffer.alloc(26);
    // Version 2.0, names in UTF-8, deflated; then time, date, checksum, sizes, length of the name, nothing besides.
    [20, 0x0800, 8, time, date].forEach((value, i) => shared.writeUInt16LE(value, 2 * i));
    [crc32(content), packed.length, content.length].forEach((value, i) => shared.writeUInt32LE(value, 10 + 4 * i));
    shared.writeUInt16LE(path.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), shared, path, packed);
    const tail = Buffer.alloc(14);
    // A regular file of mode 644, made on Unix.
    tail.writeUInt32LE(0o100644 * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), shared, tail, path]));
    offset += 30 + path.length + packed.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, index, end]);
}

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return (sum ^ 0xffffffff) >>> 0;
}
