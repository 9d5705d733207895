// A panic has to end as an \Error in PHP, and not with the worker. The packed files have no switch for one, and unwind
// with what Zig links in; so a library of a few lines, linked in the same way, panics in PHP in their place.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { GLIBC, ROOT } from '../../scripts/dist-facts.mjs';

const CACHE = join(ROOT, '.cache', 'dist');

const LIBRARY = `
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
static DROPPED: AtomicI32 = AtomicI32::new(0);
struct Guard;
impl Drop for Guard { fn drop(&mut self) { DROPPED.fetch_add(1, SeqCst); } }
#[inline(never)]
fn deep(n: i32) -> i32 { let _guard = Guard; if n == 0 { panic!() } deep(n - 1) + 1 }
#[unsafe(no_mangle)]
pub extern "C" fn probe(n: i32) -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    let here = std::panic::catch_unwind(|| deep(n)).is_err();
    let there = std::thread::spawn(move || deep(n)).join().is_err();
    DROPPED.load(SeqCst) * 10 + i32::from(here) * 2 + i32::from(there)
}
`;

it('a panic is caught in PHP, in its own thread and in another, and what it passes is dropped', () => {
  assert.ok(existsSync(join(CACHE, 'venv', 'bin', 'cargo-zigbuild')), 'the tools are not there: make dist');
  const work = mkdtempSync(join(tmpdir(), 'wuc-unwind-'));
  try {
    mkdirSync(join(work, 'src'));
    writeFileSync(join(work, 'src', 'lib.rs'), LIBRARY);
    const profile = /^\[profile\.release\]$[\s\S]*?(?=^\[|(?![\s\S]))/m.exec(execFileSync('cat', ['Cargo.toml'], { cwd: ROOT, encoding: 'utf8' }))[0];
    writeFileSync(join(work, 'Cargo.toml'), `[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[lib]\ncrate-type = ["cdylib"]\n${profile}`);
    writeFileSync(join(work, 'probe.php'), '<?php echo FFI::cdef("int probe(int);", $argv[1])->probe(5);');
    execFileSync('cargo', ['zigbuild', '--quiet', '--release', '--target', `x86_64-unknown-linux-gnu.${GLIBC}`], {
      cwd: work,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${join(CACHE, 'venv', 'bin')}:${process.env.PATH}`, CARGO_TARGET_DIR: join(work, 'target'), CARGO_ZIGBUILD_CACHE_DIR: join(CACHE, 'zigbuild'), ZIG_GLOBAL_CACHE_DIR: join(CACHE, 'zig') },
    });
    const library = join(work, 'target', 'x86_64-unknown-linux-gnu', 'release', 'libprobe.so');
    assert.doesNotMatch(execFileSync('readelf', ['--dynamic', library], { encoding: 'utf8' }), /libgcc_s/);
    // Six guards for each panic, and both were caught.
    assert.equal(execFileSync('php8.2', ['-d', 'ffi.enable=1', join(work, 'probe.php'), library], { encoding: 'utf8' }), '123');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
