// php/install/install.php: what it takes, what it refuses, and that nothing half-done is ever left where PHP looks.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ROOT, SITE_USER, openLab, run, sleep, until, write } from '../wordpress/lib/lab.mjs';
import { Installer, PHP, api, inside, replaced, sha256, trapped } from './lib/files.mjs';

// What Cloudways has disabled for web requests, as far as it is known; here for the command line.
const DISABLED = 'dl,exec,fpassthru,passthru,pcntl_exec,popen,proc_open,proc_nice,shell_exec,show_source,symlink,system,posix_kill';

describe('install.php', () => {
  let lab;
  let tool;

  before(() => {
    lab = openLab('install');
    tool = new Installer(lab);
  });
  after(() => lab?.close());

  /** Ends with this code, and says these things. */
  function said({ code, stdout, stderr }, wanted, ...patterns) {
    assert.equal(code, wanted, `${stdout}${stderr}`);
    for (const pattern of patterns) assert.match(stdout + stderr, pattern);
  }

  describe('check', () => {
    it('loads the file beside it in another PHP, and calls it', async () => {
      said(await tool.run(['check']), 0, new RegExp(`is wu_cloudways ${tool.version} for PHP 8\\.2, \\S+ and fits PHP 8\\.2`), /was loaded and called/);
    });

    it('needs nothing but PHP itself: without php.ini, and started from another folder', async () => {
      said(await tool.run(['check'], { php: [PHP, '-n'], cwd: '/' }), 0, /was loaded and called/);
    });

    it('shows the commands, to a person and to one who typed something else', async () => {
      said(await tool.run(['--help']), 0, /remove FOLDER VERSION/);
      for (const words of [[], ['instal'], ['install'], ['check', 'a', 'b']]) said(await tool.run(words), 2, /remove FOLDER VERSION/);
      said(await tool.run(['check', '--hurry']), 2, /no option --hurry/);
      said(await tool.run(['check', '/not/there.so']), 2, /no file \/not\/there\.so/);
    });

    for (const [what, change, pattern] of [
      ['another PHP', (bytes) => replaced(bytes, 'API20220829,NTS', 'API20240924,NTS'), /built for PHP 8\.4 \(API 20240924\), and this is PHP 8\.2\.\d+ \(API 20220829\)/],
      ['a PHP that nobody knows yet', (bytes) => replaced(bytes, 'API20220829,NTS', 'API20991231,NTS'), /built for PHP \? \(API 20991231\)/],
      ['a thread-safe PHP', (bytes) => replaced(bytes, 'API20220829,NTS\0', 'API20220829,TS\0\0'), /thread-safe PHP \(ZTS\), and this one is not/],
      ['a debug build', (bytes) => replaced(bytes, 'API20220829,NTS\0', 'API20220829,NTS,debug\0'), /debug build of PHP, and this is none/],
      ['another processor', (bytes) => (bytes.writeUInt16LE(bytes.readUInt16LE(18) === 62 ? 183 : 62, 18), bytes), /built for (aarch64|x86_64), and this PHP for (x86_64|aarch64)/],
      ['32 bits', (bytes) => (bytes.writeUInt8(1, 4), bytes.writeUInt16LE(3, 18), bytes), /built for i386/],
      ['the other byte order', (bytes) => (bytes.writeUInt8(2, 5), bytes.writeUInt16BE(22, 18), bytes), /built for another processor/],
      ['musl', (bytes) => replaced(bytes, 'libc.so.6\0', 'libc.so\0\0\0'), /built for musl, and this system has glibc/],
      ['a newer glibc', (bytes) => replaced(bytes, 'GLIBC_2.34\0', 'GLIBC_2.99\0'), /needs glibc 2\.99, and this system has 2\.\d+/],
    ]) {
      it(`refuses a file for ${what} before it is loaded`, async () => {
        const file = tool.changed('wrong.so', change);
        const folder = tool.application('wrong');
        said(await tool.run(['check', file]), 3, /does not fit PHP 8\.2/, pattern);
        said(await tool.run(['install', folder, file]), 3, pattern);
        assert.deepEqual(inside(folder), []);
      });
    }

    for (const [what, facts, pattern] of [
      ['PHP 8.4', { version: '8.4.1', minor: '8.4', api: 20240924 }, /built for PHP 8\.2 \(API 20220829\), and this is PHP 8\.4\.1/],
      ['a thread-safe PHP', { zts: true }, /this PHP is thread-safe/],
      ['a debug build', { debug: true }, /this is a debug build/],
      ['a PHP of another processor', { machine: 243 }, /and this PHP for riscv64/],
      ['a PHP with musl', { libc: 'musl', glibc: '' }, /built for glibc, and this system has musl/],
      ['an older system', { glibc: '2.17' }, /needs glibc 2\.\d+, and this system has 2\.17/],
    ]) {
      it(`refuses the file for ${what}, named by --php`, async () => {
        said(await tool.run(['check', `--php=${await tool.fakePhp('other-php', facts)}`]), 3, pattern);
      });
    }

    it('says every reason at once', async () => {
      const php = await tool.fakePhp('other-php', { api: 20240924, zts: true, debug: true, glibc: '2.17' });
      const { stderr } = await tool.run(['check', `--php=${php}`]);
      assert.equal(stderr.match(/^- /gm)?.length, 4, stderr);
    });

    it('says that a program is no PHP, or is not there', async () => {
      for (const php of ['/bin/true', '/not/there/php']) said(await tool.run(['check', `--php=${php}`]), 4, /cannot be started as PHP/);
    });

    it('refuses a file that was cut anywhere', async () => {
      for (const size of [0, 3, 63, 64, 1000, tool.bytes.length >> 1, tool.bytes.length - 1]) {
        const file = tool.changed('cut.so', (bytes) => bytes.subarray(0, size));
        said(await tool.run(['check', file]), 3, size < 64 ? /no shared object/ : /it is not whole/);
      }
    });

    it('refuses what is no extension of PHP, or another one', async () => {
      const text = join(lab.folder('files'), 'text.so');
      write(text, 'this is text, and long enough to be looked at as if it had a header of an object.\n');
      said(await tool.run(['check', text]), 3, /no shared object/);
      said(await tool.run(['check', '/bin/ls']), 3, /no extension of PHP/);
      const other = (await run('php-config8.2', ['--extension-dir'])).stdout.trim();
      said(await tool.run(['check', join(other, 'mysqli.so')]), 3, /another extension than wu_cloudways/);
    });

    it('survives a file that makes PHP crash, and says so', async () => {
      const folder = tool.application('crash');
      const file = tool.changed('crash.so', trapped);
      said(await tool.run(['check', file]), 3, /PHP crashed when it loaded .* \(signal \d+\)/);
      said(await tool.run(['install', folder, file]), 3, /Nothing was installed/);
      assert.deepEqual(inside(folder), []);
    });

    it('gives PHP’s own words where PHP does not take it', async () => {
      const file = tool.changed('symbol.so', (bytes) => replaced(bytes, '\0zend_read_property\0', '\0zend_read_propertx\0'));
      said(await tool.run(['check', file]), 3, /PHP did not take .*undefined symbol: zend_read_propertx/);
    });

    it('compares with a checksum that is given, or lies beside it', async () => {
      const folder = lab.folder('sums');
      const file = join(folder, 'wu_cloudways.so');
      cpSync(tool.so, file);
      const sum = sha256(tool.bytes);
      const wrong = sum.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      said(await tool.run(['check', file]), 0, /no checksum beside it/);
      said(await tool.run(['check', file, `--sha256=${sum.toUpperCase()}`]), 0, /as --sha256 says/);
      said(await tool.run(['check', file, `--sha256=${wrong}`]), 3, /not the file that was built/);
      write(join(folder, 'SHA256SUMS'), `${wrong}  other.so\n${sum}  ./wu_cloudways.so\n`);
      said(await tool.run(['check', file]), 0, /as \S+\/SHA256SUMS says/);
      write(join(folder, 'SHA256SUMS'), `${sum}  other.so\n${wrong} *wu_cloudways.so\n`);
      said(await tool.run(['install', tool.application('sums'), file]), 3, /not the file that was built/, new RegExp(sum));
      write(`${file}.sha256`, `${sum}\n`);
      said(await tool.run(['check', file]), 0, /as \S+\.sha256 says/);
    });

    it('warns where PHP-FPM on the machine is another PHP', async () => {
      const fpm = spawn('bash', ['-c', "exec -a 'php-fpm: master process (/etc/php/8.9/fpm/php-fpm.conf)' sleep 60"]);
      try {
        await until(() => readFileSync(`/proc/${fpm.pid}/cmdline`, 'utf8').startsWith('php-fpm'), 'the process has its name');
        said(await tool.run(['check']), 0, /PHP-FPM on this machine is PHP \S*8\.9.*checked with PHP 8\.2/);
      } finally {
        fpm.kill('SIGKILL');
      }
    });

    it('says what to type where proc_open is disabled, and that works', async () => {
      const folder = tool.application('disabled');
      const off = [PHP, '-d', `disable_functions=${DISABLED}`];
      for (const words of [['check'], ['install', folder]]) {
        const { code, stderr } = await tool.run(words, { php: off });
        assert.equal(code, 4, stderr);
        assert.match(stderr, /proc_open is disabled/);
        assert.deepEqual(inside(folder), []);
        const lines = stderr.split('\n').filter((line) => line.startsWith('  '));
        assert.equal(lines.length, 2, stderr);
        for (const line of lines) said(await run('sh', ['-c', line], { cwd: lab.dir }), 0, /wu_cloudways/);
      }
      assert.deepEqual(inside(folder), [tool.name]);
      const wrong = tool.changed('wrong.so', (bytes) => replaced(bytes, 'API20220829,NTS', 'API20240924,NTS'));
      said(await tool.run(['check', wrong], { php: off }), 3, /built for PHP 8\.4/);
      said(await tool.run(['check', '--php=php8.2'], { php: off }), 4, /proc_open is disabled/);
    });
  });

  describe('install', () => {
    it('puts the file there under its version, readable, and says what to do next', async () => {
      const folder = tool.application('first');
      const target = join(folder, tool.name);
      const { code, stdout, stderr } = await tool.run(['install', folder]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(inside(folder), [tool.name]);
      assert.equal(statSync(target).mode & 0o777, 0o644);
      assert.ok(readFileSync(target).equals(tool.bytes), 'the file is another one');
      const lines = stdout.split('\n').map((line) => line.trim());
      assert.ok(lines.includes(`php_admin_value[extension] = ${target}`), stdout);
      const wp = `/usr/bin/php8.2 -d extension=${target} /usr/local/bin/wp --path=${join(folder, '../public_html')}`;
      assert.ok(lines.includes(`${wp} wu-cloudways doctor`), stdout);
      assert.ok(lines.includes(`*/5 * * * * ${wp} action-scheduler run --quiet`), stdout);
    });

    it('is readable whatever the umask, and reaches it through another path', async () => {
      const folder = tool.application('umask');
      const link = join(lab.dir, 'link');
      symlinkSync(folder, link);
      const answer = await run('sh', ['-c', `umask 077; exec ${PHP} "$@"`, 'sh', tool.script, 'install', link], { cwd: '/' });
      said(answer, 0, new RegExp(`extension\\] = ${folder}/`));
      assert.equal(statSync(join(folder, tool.name)).mode & 0o777, 0o644);
    });

    it('works for an unprivileged user, and where open_basedir covers nothing but the application', async () => {
      const folder = tool.application('plain');
      const php = [PHP, '-d', `open_basedir=${lab.dir}`];
      const installed = await tool.run(['install', folder], { php, asUser: true });
      said(installed, 0, /^Installed: /);
      if (SITE_USER) assert.equal(statSync(join(folder, tool.name)).uid, SITE_USER.uid);
      const status = await tool.run(['status', folder], { php, asUser: true });
      said(status, 0, /no process that can be looked into has it/);
      for (const { stdout, stderr } of [installed, status]) assert.doesNotMatch(stdout + stderr, /warning/i);
      said(await tool.run(['remove', folder, tool.version], { php, asUser: true }), 7, /processes of other users cannot be looked into/);
    });

    it('says that the same file is there already, and does not touch it', async () => {
      const folder = tool.application('again');
      await tool.run(['install', folder]);
      const first = statSync(join(folder, tool.name));
      said(await tool.run(['install', folder]), 0, /there already, letter by letter/, /php_admin_value\[extension\]/);
      const second = statSync(join(folder, tool.name));
      assert.deepEqual([second.ino, second.mtimeMs, inside(folder)], [first.ino, first.mtimeMs, [tool.name]]);
    });

    it('refuses where another file has the name, and does not touch it', async () => {
      const folder = tool.application('taken');
      write(join(folder, tool.name), 'somebody else’s\n');
      said(await tool.run(['install', folder]), 6, /is another file\. It was not touched/);
      assert.equal(readFileSync(join(folder, tool.name), 'utf8'), 'somebody else’s\n');
      assert.deepEqual(inside(folder), [tool.name]);
      unlinkSync(join(folder, tool.name));
      symlinkSync('/not/there', join(folder, tool.name));
      said(await tool.run(['install', folder]), 6);
    });

    it('installs a newer version beside the older, and says that the older may go later', async () => {
      const folder = tool.application('beside');
      await tool.run(['install', folder]);
      said(await tool.run(['install', folder, tool.another('9.1.0')]), 0, /^4\. .*status/m);
      assert.deepEqual(inside(folder), [tool.name, tool.nameOf('9.1.0')].sort());
    });

    it('refuses a folder from which visitors could download it', async () => {
      const application = tool.application('public');
      const folder = join(application, '../public_html/wp-content');
      mkdirSync(folder, { recursive: true });
      symlinkSync(folder, join(application, 'link'));
      const wordpress = lab.folder('site');
      write(join(wordpress, 'wp-load.php'), '<?php\n');
      for (const place of [join(application, '../public_html'), folder, join(application, 'link'), wordpress, lab.folder('site', 'private')]) {
        said(await tool.run(['install', place]), 2, /inside a public folder/);
      }
      assert.deepEqual(inside(folder), []);
    });

    it('refuses a folder that is not there, is a file, or has a name that PHP’s settings do not take', async () => {
      said(await tool.run(['install', join(lab.dir, 'nowhere')]), 2, /no folder/);
      said(await tool.run(['install', tool.script]), 2, /no folder/);
      for (const name of ['with blank', 'semi;colon', 'quote"']) said(await tool.run(['install', lab.folder(name)]), 2, /characters/);
    });

    it('says that a folder cannot be written into', async () => {
      const folder = tool.application('locked');
      if (SITE_USER) await run('chown', ['root:root', folder]);
      chmodSync(folder, 0o555);
      said(await tool.run(['install', folder], { asUser: true }), 5, /cannot be written into: Permission denied/);
      assert.deepEqual(inside(folder), []);
      chmodSync(folder, 0o755);
    });

    it('leaves nothing behind on a full disk', async () => {
      const folder = tool.application('full');
      const script = `mount -t tmpfs -o size=1m none ${folder} && ${PHP} ${tool.script} install ${folder}; code=$?; ls -A ${folder}; exit $code`;
      const answer = await run('unshare', [SITE_USER ? '-m' : '-Urm', 'sh', '-c', script]);
      said(answer, 5, /could not be written whole: No space left on device/);
      assert.equal(answer.stdout, '', 'something was left');
    });

    it('warns where the website’s user cannot get to it', async () => {
      const folder = tool.application('closed');
      chmodSync(folder, 0o750);
      said(await tool.run(['install', folder]), 0, new RegExp(`only its owner and its group can enter ${folder}`));
    });

    it('is alone in the folder: of several at once, one installs and the others find it there', async () => {
      const folder = tool.application('several');
      const answers = await Promise.all(Array.from({ length: 5 }, () => tool.run(['install', folder])));
      assert.deepEqual(answers.map(({ code }) => code), [0, 0, 0, 0, 0], answers.map(({ stderr }) => stderr).join('\n'));
      assert.equal(answers.filter(({ stdout }) => stdout.startsWith('Installed')).length, 1);
      assert.deepEqual(inside(folder), [tool.name]);
    });

    it('of two different files of one version, one is installed and the other refused', async () => {
      const folder = tool.application('two');
      const other = tool.changed('longer.so', (bytes) => Buffer.concat([bytes, Buffer.from('\n')]));
      const answers = await Promise.all([tool.run(['install', folder]), tool.run(['install', folder, other])]);
      assert.deepEqual(answers.map(({ code }) => code).sort(), [0, 6]);
      assert.ok(readFileSync(join(folder, tool.name)).equals(readFileSync(answers[0].code === 0 ? tool.so : other)));
    });

    it('killed at any moment, it leaves the whole file or a hidden one that the next run takes away', async () => {
      const folder = tool.application('killed');
      const start = Date.now();
      await tool.run(['install', tool.application('measured')]);
      const took = Date.now() - start;
      for (let n = 1; n <= 12; n++) {
        const child = spawn(PHP, [tool.script, 'install', folder], { stdio: 'ignore' });
        const gone = new Promise((resolve) => child.on('exit', resolve));
        await sleep((took * n) / 12);
        child.kill('SIGKILL');
        await gone;
        const there = inside(folder);
        for (const name of there) assert.match(name, /^\.wu_cloudways-[0-9a-f]+\.tmp$|^wu_cloudways-.*\.so$/);
        assert.ok(there.length <= 2, `what killed runs leave adds up: ${there}`);
        const target = join(folder, tool.name);
        if (!existsSync(target)) continue;
        assert.ok(readFileSync(target).equals(tool.bytes), 'half a file has the final name');
        unlinkSync(target);
      }
      said(await tool.run(['install', folder]), 0);
      assert.deepEqual(inside(folder), [tool.name]);
    });

    it('killed while the other PHP has the file, it does not keep the next run out', async () => {
      const folder = tool.application('waiting');
      const pid = join(lab.folder('files'), 'pid');
      const php = await tool.fakePhp('slow-php', {}, `echo $$ >${pid}; exec sleep 60`);
      const child = spawn(PHP, [tool.script, 'install', folder, `--php=${php}`], { stdio: 'ignore' });
      const gone = new Promise((resolve) => child.on('exit', resolve));
      await until(() => existsSync(pid) && readFileSync(pid, 'utf8').trim(), 'the other PHP is at work');
      const [temporary] = inside(folder);
      assert.match(temporary, /^\.wu_cloudways-[0-9a-f]+\.tmp$/);
      assert.equal(statSync(join(folder, temporary)).size, tool.bytes.length);
      child.kill('SIGKILL');
      await gone;
      try {
        said(await tool.run(['install', folder], { timeout: 20000 }), 0);
        assert.deepEqual(inside(folder), [tool.name]);
      } finally {
        process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL');
      }
    });
  });

  describe('status and remove', () => {
    let folder;

    before(async () => {
      folder = tool.application('versions');
      for (const file of [tool.so, tool.another('9.1.0'), tool.another('9.2.0')]) assert.equal((await tool.run(['install', folder, file])).code, 0);
    });

    /** A PHP that has the file loaded, until it is ended. */
    async function using(file, asUser = false) {
      return lab.start({
        name: `php-${basename(file)}-${Date.now()}`,
        command: PHP,
        args: ['-n', '-d', `extension=${file}`, '-r', 'echo "ready\n"; sleep(60);'],
        asUser,
        ready: (service) => readFileSync(service.logFile, 'utf8').includes('ready'),
      });
    }

    it('says what lies there, which process has it, and what may go', async () => {
      const user = await using(join(folder, tool.nameOf('9.1.0')));
      const { stdout } = await tool.run(['status', folder]);
      const [, old, loaded, last] = stdout.split(/^ {2}(?=wu_)/m);
      assert.match(old, new RegExp(`^wu_cloudways-${tool.version.replaceAll('.', '\\.')}-php8\\.2\\.so {2}\\(PHP 8\\.2, `));
      assert.match(loaded, new RegExp(`^wu_cloudways-9\\.1\\.0[^]*loaded by ${PHP} [^\\n]*\\(${user.pid}\\)`));
      assert.doesNotMatch(loaded, /to remove it/);
      if (SITE_USER) assert.match(last, /no process has it; to remove it: .* 9\.2\.0-php8\.2$/m);
      assert.match(last, /^wu_cloudways-9\.2\.0/);
      await user.stop();
    });

    it('says which one this PHP has, and one from elsewhere', async () => {
      const here = await tool.run(['status', folder], { php: [PHP, '-d', `extension=${join(folder, tool.nameOf('9.2.0'))}`] });
      said(here, 0, /9\.2\.0-php8\.2\.so[^\n]*\n +loaded by this PHP, 8\.2/);
      const elsewhere = await using(tool.so);
      said(await tool.run(['status', folder]), 0, new RegExp(`Another one, ${tool.so}, is loaded by [^\\n]*\\b${elsewhere.pid}\\b`));
      await elsewhere.stop();
    });

    it('says that a loaded file was replaced', async () => {
      const file = join(folder, tool.nameOf('9.9.9'));
      cpSync(tool.so, file);
      const user = await using(file);
      unlinkSync(file);
      cpSync(tool.so, file);
      said(await tool.run(['status', folder]), 0, new RegExp(`replaced or deleted, is still loaded by [^\\n]*\\(${user.pid}\\)`));
      await user.stop();
      unlinkSync(file);
    });

    it('removes nothing that a process has open, and does when it has not', async () => {
      const file = join(folder, tool.nameOf('9.1.0'));
      const user = await using(file);
      said(await tool.run(['remove', folder, '9.1.0']), 7, new RegExp(`is loaded by [^\\n]*\\(${user.pid}\\)\\. Not removed`));
      said(await tool.run(['remove', folder, '9.1.0', '--unseen']), 7);
      assert.ok(existsSync(file), 'it is gone');
      await user.stop();
      // Whoever cannot look into every process has to say that the website was looked at.
      said(await tool.run(['remove', folder, '9.1.0', '--unseen']), 0, /^Removed: /);
      assert.ok(!existsSync(file), 'it is there');
    });

    it('does not remove what a process of another user may have', { skip: SITE_USER ? false : 'it takes root to have processes of two users' }, async () => {
      const file = join(folder, tool.nameOf('9.2.0'));
      const user = await using(file);
      said(await tool.run(['remove', folder, '9.2.0'], { asUser: true }), 7, /cannot be looked into by this user: [^\n]+ \(\d+/, /doctor extension_web/, /--unseen/);
      said(await tool.run(['status', folder], { asUser: true }), 0, /no process that can be looked into has it/, /cannot be looked into/);
      assert.ok(existsSync(file), 'it is gone');
      await user.stop();
    });

    it('takes a version, or the name where a version is there for several PHPs', async () => {
      const other = join(folder, `wu_cloudways-${tool.version}-php8.4.so`);
      cpSync(tool.so, other);
      said(await tool.run(['remove', folder, tool.version]), 2, /Say which one/, /php8\.2\.so, /);
      said(await tool.run(['remove', folder, '7.7.7']), 2, /no version 7\.7\.7/);
      said(await tool.run(['remove', folder, '../../etc/passwd']), 2, /no version/);
      said(await tool.run(['remove', folder, `${tool.version}-php8.4`, '--unseen']), 0);
      assert.ok(!existsSync(other) && existsSync(join(folder, tool.name)));
    });

    it('says that a folder has none', async () => {
      said(await tool.run(['status', tool.application('empty')]), 0, /No version of wu_cloudways/);
    });
  });

  describe('PHP itself', () => {
    // What docs/cloudways.md quotes: the pieces of a message in backticks, in the first column of its table.
    const rows = [...readFileSync(join(ROOT, 'docs/cloudways.md'), 'utf8').matchAll(/^\| ((?:`[^`]+`(?: … )?)+) \|/gm)].map(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, piece]) => piece));

    /** What PHP says about the file, and that it goes on. */
    async function told(file, options = {}) {
      const { stdout, stderr } = await run(PHP, ['-n', '-d', 'display_startup_errors=1', '-d', 'display_errors=stderr', ...[file].flat().flatMap((path) => ['-d', `extension=${path}`]), '-r', 'echo "goes on";'], options);
      assert.equal(stdout, 'goes on', stderr);
      return stderr;
    }

    for (const [what, piece, make] of [
      ['of another version', 'module API=', () => told(tool.changed('wrong.so', (bytes) => api(bytes, 20220829, 20240924)))],
      ['that is thread-safe', 'build ID=', () => told(tool.changed('wrong.so', (bytes) => replaced(bytes, 'API20220829,NTS\0', 'API20220829,TS\0\0')))],
      ['that is not there', 'No such file or directory', () => told('/not/there.so')],
      ['of another processor', 'No such file or directory', () => told(tool.changed('wrong.so', (bytes) => (bytes.writeUInt16LE(bytes.readUInt16LE(18) === 62 ? 183 : 62, 18), bytes)))],
      ['that is no object', 'invalid ELF header', () => told(tool.changed('wrong.so', () => Buffer.from('<!doctype html>\n'.repeat(40))))],
      ['that needs a newer glibc', 'GLIBC_', () => told(tool.changed('wrong.so', (bytes) => replaced(bytes, 'GLIBC_2.34\0', 'GLIBC_2.99\0')))],
      ['that is loaded twice', 'is already loaded', () => told([tool.so, tool.another('9.1.0')])],
      [
        'that it may not read',
        'Permission denied',
        () => {
          const file = tool.changed('closed.so', (bytes) => bytes);
          chmodSync(file, 0o000);
          return told(file, { asUser: true });
        },
      ],
      [
        'in a folder where nothing may be run from',
        'failed to map segment',
        async () => {
          const folder = lab.folder('noexec');
          const script = `mount -t tmpfs -o noexec none ${folder} && cp ${tool.so} ${folder}/x.so && ${PHP} -n -d display_startup_errors=1 -d display_errors=stderr -d extension=${folder}/x.so -r 'echo "goes on";'`;
          const { stdout, stderr } = await run('unshare', [SITE_USER ? '-m' : '-Urm', 'sh', '-c', script]);
          assert.equal(stdout, 'goes on', stderr);
          return stderr;
        },
      ],
    ]) {
      it(`says what docs/cloudways.md quotes about a file ${what}, and goes on without it`, async () => {
        const row = rows.find((pieces) => pieces.some((one) => one.includes(piece)));
        assert.ok(row, `no row has ${piece}`);
        const message = await make();
        for (const one of row) assert.ok(message.includes(one), `PHP did not say "${one}" but: ${message}`);
      });
    }
  });

  describe('its words', () => {
    const source = readFileSync(join(ROOT, 'php/install/install.php'), 'utf8');

    it('are there in French, each with the same values in it', async () => {
      // PHP itself takes the sentences apart.
      const script = `
        $tokens = token_get_all(file_get_contents('php://stdin')); $english = []; $pairs = []; $list = false; $key = null;
        foreach ($tokens as $n => $token) {
          if (is_array($token) && $token[1] === 'FRENCH' && ($tokens[$n - 2][0] ?? 0) === T_CONST) $list = true;
          if (!is_array($token) || $token[0] !== T_CONSTANT_ENCAPSED_STRING) continue;
          $text = eval('return ' . $token[1] . ';');
          if ($list) { if ($key === null) $key = $text; else { $pairs[$key] = $text; $key = null; } continue; }
          for ($b = $n - 1; is_array($tokens[$b]) && $tokens[$b][0] === T_WHITESPACE; $b--);
          if ($tokens[$b] === '(' && ($tokens[$b - 1][1] ?? '') === 't') $english[] = $text;
        }
        echo json_encode([$english, $pairs]);`;
      const { stdout } = await run(PHP, ['-n', '-d', 'extension=tokenizer', '-r', script], { input: source });
      const [english, pairs] = JSON.parse(stdout);
      assert.ok(english.length > 50, 'these are not all sentences');
      assert.deepEqual(english.filter((text) => !pairs[text]), [], 'not in French');
      assert.deepEqual(Object.keys(pairs).filter((text) => !english.includes(text)), [], 'nobody says this');
      const values = (text) => [...text.matchAll(/%(?:\d+\$)?s/g)].map(([value]) => value).sort();
      for (const [one, other] of Object.entries(pairs)) assert.deepEqual(values(other), values(one), other);
    });

    it('are in the language of the reader', async () => {
      for (const [words, env] of [[['check', '--lang=fr'], {}], [['check'], { LC_ALL: 'fr_FR.UTF-8' }], [['check'], { LC_ALL: '', LANG: 'fr_CA.UTF-8' }]]) {
        said(await tool.run(words, { env }), 0, /il a été chargé et appelé/);
      }
      said(await tool.run(['check', '--lang=en'], { env: { LC_ALL: 'fr_FR.UTF-8' } }), 0, /it was loaded and called/);
    });

    it('name every code that it ends with', () => {
      const listed = [...source.slice(0, source.indexOf('*/')).matchAll(/^ \* {5}(\d) /gm)].map(([, code]) => code);
      const used = new Set([...source.matchAll(/\n? *\), (\d)\);|, (\d)\);|^ {8}(\d)\n {4}\);|return (\d);/gm)].flatMap((match) => match.slice(1)).filter(Boolean));
      assert.deepEqual(listed, ['0', '2', '3', '4', '5', '6', '7']);
      for (const code of listed) assert.ok(used.has(code), `nothing ends with ${code}`);
    });
  });
});
