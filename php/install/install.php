<?php
/**
 * Puts the extension wu_cloudways where PHP can load it, without ever touching a file that is loaded.
 *
 *     php install.php check [FILE]             does this file fit this PHP?
 *     php install.php install FOLDER [FILE]    copy it into FOLDER under the name of its version, and check it there
 *     php install.php status FOLDER            what lies there, what is loaded, what may go
 *     php install.php remove FOLDER VERSION    remove a version that no process has open
 *
 * FILE is wu_cloudways.so beside this script where none is given. Options: --php=PROGRAM, the PHP it is for, where that
 * is not the one that runs this script; --sha256=SUM, what the file's checksum has to be; --unseen, see `remove`;
 * --lang=en or fr.
 *
 * Ends with
 *     0  done, or there already
 *     2  asked for wrongly: the command, the folder
 *     3  the file does not fit this PHP, is not whole, or is no extension of this name; nothing was installed
 *     4  it could not be found out, because no other PHP can be started from here; nothing was installed
 *     5  it could not be written; nothing was installed
 *     6  a file of that name is there and is another one; it was not touched
 *     7  a process has it loaded, or may have: not removed
 *
 * A file that PHP has loaded must never be overwritten: each process that has it open can crash. So the file is written
 * under a name of its own, reaches the disk, is loaded once by another PHP, and gets its final name in one step, which
 * fails where that name exists. Whenever this script is killed, there is the whole file, or a hidden temporary one that
 * the next `install` or `remove` in that folder takes away.
 *
 * It needs PHP 8.1 on the command line, and none of PHP's extensions that can be missing. Of the functions that hosts
 * disable it needs proc_open alone; where that is disabled, `php -n` starts PHP without the settings that disable it.
 * The syntax is that of PHP 7.1, so that older ones can say what is wrong.
 */

declare(strict_types=1);

const NAME = 'wu_cloudways';
const MACHINES = [3 => 'i386', 40 => 'arm', 62 => 'x86_64', 183 => 'aarch64', 243 => 'riscv64'];
/** Zend's module API and the PHP that has it. */
const MINORS = [20180731 => '7.3', 20190902 => '7.4', 20200930 => '8.0', 20210902 => '8.1', 20220829 => '8.2', 20230831 => '8.3', 20240924 => '8.4', 20250925 => '8.5'];
/** Seconds that the other PHP may take, and that another run of this script is waited for. */
const PATIENCE = 30;

/** Why nothing was done; the code is what the script ends with. */
final class Refused extends Exception
{
}

if (PHP_SAPI !== 'cli') {
    // Somebody put it into a public folder, or a PHP for the web was called.
    if (function_exists('http_response_code')) {
        http_response_code(404);
    }
    exit(2);
}

// What another PHP is started for, to say what it is.
if (($argv[1] ?? '') === '--facts') {
    echo json_encode(facts());
    exit(0);
}

function main(array $words): int
{
    $options = ['php' => '', 'sha256' => '', 'lang' => '', 'unseen' => false];
    $arguments = [];
    $unknown = null;
    foreach ($words as $word) {
        if (preg_match('/^--(php|sha256|lang)=(.+)$/s', $word, $match)) {
            $options[$match[1]] = $match[2];
        } elseif ($word === '--unseen') {
            $options['unseen'] = true;
        } elseif ($word === '-h' || $word === '--help') {
            $arguments = ['help'];
            break;
        } elseif (substr($word, 0, 1) === '-') {
            $unknown = $unknown ?? $word;
        } else {
            $arguments[] = $word;
        }
    }
    language($options['lang']);

    try {
        if (PHP_VERSION_ID < 80100) {
            throw new Refused(t('This script needs PHP 8.1 or newer; this is PHP %s. Look for another one: ls /usr/bin/php*', PHP_VERSION), 2);
        }
        if ($unknown !== null) {
            throw new Refused(t('There is no option %s.', $unknown), 2);
        }
        $command = array_shift($arguments);
        $least = ['help' => 0, 'check' => 0, 'install' => 1, 'status' => 1, 'remove' => 2];
        $most = ['help' => 9, 'check' => 1, 'install' => 2, 'status' => 1, 'remove' => 2];
        if (!isset($least[$command]) || count($arguments) < $least[$command] || count($arguments) > $most[$command]) {
            fwrite(STDERR, usage());
            return 2;
        }
        switch ($command) {
            case 'check':
                return check($arguments[0] ?? beside(), $options);
            case 'install':
                return install($arguments[0], $arguments[1] ?? beside(), $options);
            case 'status':
                return status($arguments[0]);
            case 'remove':
                return remove($arguments[0], $arguments[1], $options['unseen']);
        }
        echo usage();
        return 0;
    } catch (Refused $refused) {
        fwrite(STDERR, $refused->getMessage() . "\n");
        return $refused->getCode();
    }
}

// ---------------------------------------------------------------------------------------------------- the commands

function check(string $file, array $options): int
{
    $facts = facts_of($options['php']);
    $bytes = read_whole($file);
    $sum = verified($file, $bytes, $options['sha256']);
    $build = fitting($file, $bytes, $facts);
    can_start($file, $options['php']);
    $version = loaded_by($options['php'], (string) realpath($file), $file);

    say(t('%1$s is %2$s %3$s for %4$s and fits PHP %5$s (%6$s): it was loaded and called.', $file, NAME, $version, described($build), $facts['version'], $facts['binary']));
    say($sum);
    other_php($facts);
    return 0;
}

function install(string $folder, string $file, array $options): int
{
    $folder = folder($folder);
    if (is_public($folder)) {
        throw new Refused(t('%s is inside a public folder, from which anybody could download the file. Take one beside it, such as private_html.', $folder), 2);
    }
    $facts = facts_of($options['php']);
    $bytes = read_whole($file);
    $sum = verified($file, $bytes, $options['sha256']);
    $build = fitting($file, $bytes, $facts);
    can_start($file, $options['php']);

    $lock = locked($folder);
    swept($folder);
    $temporary = $folder . '/.' . NAME . '-' . bin2hex(random_bytes(6)) . '.tmp';
    try {
        written($temporary, $bytes);
        $version = loaded_by($options['php'], $temporary, $file);
        $name = sprintf('%s-%s-php%s%s%s.so', NAME, $version, $build['minor'], $build['zts'] ? '-zts' : '', $build['debug'] ? '-debug' : '');
        $target = $folder . '/' . $name;
        $new = placed($temporary, $target, $bytes);
    } finally {
        if (file_exists($temporary)) {
            unlink($temporary);
        }
        @fsync($lock); // The folder, so that the name is on the disk too; where that cannot be done, the next start of the machine does it.
    }

    say($new ? t('Installed: %s', $target) : t('It is there already, letter by letter: %s', $target));
    say($sum);
    say(t('It was loaded and called by PHP %1$s (%2$s).', $facts['version'], $facts['binary']));
    other_php($facts);
    may_be_read($target);
    next_steps($folder, $target, $facts);
    return 0;
}

function status(string $folder): int
{
    $folder = folder($folder);
    $names = versions($folder);
    say($folder . ':');
    if (!$names) {
        say('  ' . t('No version of %s lies here.', NAME));
    }
    $seen = processes();
    $self = array_column($seen['maps'][getmypid()] ?? [], 'path');
    foreach ($names as $name) {
        $path = $folder . '/' . $name;
        $build = build_of((string) @file_get_contents($path));
        say(sprintf('  %s  (%s)', $name, $build ? described($build) : t('no extension of PHP')));
        $users = users($seen, $path);
        if (in_array($path, $self, true)) {
            say('    ' . t('loaded by this PHP, %1$s (%2$s)', PHP_VERSION, PHP_BINARY));
        }
        if ($users['now']) {
            say('    ' . t('loaded by %s', listed($seen, $users['now'])));
        }
        if ($users['gone']) {
            say('    ' . t('an older file of this name, which was replaced or deleted, is still loaded by %s: restart them', listed($seen, $users['gone'])));
        }
        if (!$users['now'] && $seen['complete']) {
            say('    ' . t('no process has it; to remove it: %s', command('remove', $folder, build_name($name))));
        } elseif (!$users['now']) {
            say('    ' . t('no process that can be looked into has it'));
        }
    }
    $here = array_map(function ($name) use ($folder) {
        return $folder . '/' . $name;
    }, $names);
    $elsewhere = [];
    foreach ($seen['maps'] as $pid => $maps) {
        foreach ($maps as $map) {
            if (!in_array($map['path'], $here, true)) {
                $elsewhere[$map['path'] . ($map['deleted'] ? ' (deleted)' : '')][] = $pid;
            }
        }
    }
    foreach ($elsewhere as $path => $pids) {
        say(t('Another one, %1$s, is loaded by %2$s', $path, listed($seen, $pids)));
    }
    if (!$seen['complete']) {
        say(unseen_note($seen));
    }
    return 0;
}

function remove(string $folder, string $version, bool $unseen): int
{
    $folder = folder($folder);
    $lock = locked($folder);
    swept($folder);
    $names = array_values(array_filter(versions($folder), function ($name) use ($version) {
        return in_array($version, [$name, version_of($name), build_name($name)], true);
    }));
    if (!$names) {
        throw new Refused(t('There is no version %1$s in %2$s. There are: %3$s', $version, $folder, implode(', ', versions($folder)) ?: '–'), 2);
    }
    if (count($names) > 1) {
        throw new Refused(t('Say which one, by its name: %s', implode(', ', $names)), 2);
    }
    $path = $folder . '/' . $names[0];
    $seen = processes();
    $users = users($seen, $path)['now'];
    if ($users) {
        throw new Refused(t('%1$s is loaded by %2$s. Not removed: first put the new file into the line of PHP-FPM and save, or take the line away; then try again.', $path, listed($seen, $users)), 7);
    }
    if (!$seen['complete'] && !$unseen) {
        throw new Refused(unseen_note($seen) . "\n" . t('Not removed: one of them may have %1$s. If the website has another one, or none, say so: %2$s', $path, command('remove', $folder, $version, '--unseen')), 7);
    }
    if (!@unlink($path)) {
        throw new Refused(t('%1$s could not be removed: %2$s', $path, reason()), 5);
    }
    @fsync($lock);
    say(t('Removed: %s', $path));
    return 0;
}

// ------------------------------------------------------------------------------------------------ the file, as bytes

function beside(): string
{
    return __DIR__ . '/' . NAME . '.so';
}

function read_whole(string $file): string
{
    if (!is_file($file)) {
        throw new Refused(t('There is no file %s.', $file), 2);
    }
    $bytes = @file_get_contents($file);
    if ($bytes === false) {
        throw new Refused(t('%1$s cannot be read: %2$s', $file, reason()), 2);
    }
    return $bytes;
}

/** Compares with the checksum that is given or lies beside the file. Says what was found. */
function verified(string $file, string $bytes, string $given): string
{
    $sum = hash('sha256', $bytes);
    $wanted = strtolower(trim($given));
    $from = '--sha256';
    if ($wanted === '') {
        foreach ([$file . '.sha256', dirname($file) . '/SHA256SUMS'] as $list) {
            $text = is_file($list) ? (string) file_get_contents($list) : '';
            if (preg_match('/^([0-9a-f]{64})[ *]*(?:\S*\/)?' . preg_quote(basename($file), '/') . '\r?$/mi', $text, $match)
                || ($list === $file . '.sha256' && preg_match('/^([0-9a-f]{64})\s*$/i', $text, $match))) {
                $wanted = strtolower($match[1]);
                $from = $list;
                break;
            }
        }
    }
    if ($wanted === '') {
        return t('SHA-256: %s. There is no checksum beside it to compare with.', $sum);
    }
    if (!hash_equals($wanted, $sum)) {
        throw new Refused(t('%1$s is not the file that was built: its SHA-256 is %2$s, and according to %3$s it should be %4$s. Upload it again.', $file, $sum, $from, $wanted), 3);
    }
    return t('SHA-256: %1$s, as %2$s says.', $sum, $from);
}

/**
 * What a shared object says about itself, read without loading it.
 *
 * @return array|null null when it is none; whole: bool; class, machine: of its processor; module: whether PHP finds its
 *                    entry in it; ours: whether it is this extension; api, zts, debug, minor: the PHP it was built for
 *                    (api 0: it does not say); libc: 'glibc', 'musl' or ''; glibc: the least version that it asks for
 */
function build_of(string $bytes)
{
    $size = strlen($bytes);
    if ($size < 64 || substr($bytes, 0, 4) !== "\x7fELF") {
        return null;
    }
    $build = ['whole' => false, 'class' => ord($bytes[4]), 'machine' => 0, 'module' => false, 'ours' => false, 'api' => 0, 'zts' => false, 'debug' => false, 'minor' => '?', 'libc' => '', 'glibc' => ''];
    $big = ord($bytes[5]) === 2;
    $build['machine'] = unpack($big ? 'n' : 'v', $bytes, 18)[1];
    if ($build['class'] !== 2 || $big) {
        return $build; // Of a processor that no file is built for: enough is known.
    }
    $header = unpack('Pphoff/Pshoff', $bytes, 32) + unpack('vphentsize/vphnum/vshentsize/vshnum', $bytes, 54);
    // The table of sections comes last in what linkers write, so a file that was cut has lost it.
    $ends = [$header['shoff'] + $header['shentsize'] * $header['shnum'], $header['phoff'] + $header['phentsize'] * $header['phnum']];
    if (min($ends) < 0 || max($ends) > $size || $header['phentsize'] < 56) {
        return $build;
    }
    $segments = [];
    for ($n = 0; $n < $header['phnum']; $n++) {
        $segment = unpack('Vtype/Vflags/Poffset/Pvaddr/Ppaddr/Pfilesz', $bytes, $header['phoff'] + $n * $header['phentsize']);
        if ($segment['offset'] < 0 || $segment['filesz'] < 0 || $segment['offset'] + $segment['filesz'] > $size) {
            return $build;
        }
        $segments[] = $segment;
    }
    $build['whole'] = true;

    // What the linker wrote down for the loader: the libraries that are needed, and the names of symbols and versions.
    $needed = [];
    $table = ['at' => 0, 'size' => 0];
    foreach ($segments as $segment) {
        for ($at = $segment['offset']; $segment['type'] === 2 && $at + 16 <= $segment['offset'] + $segment['filesz']; $at += 16) {
            $entry = unpack('Ptag/Pvalue', $bytes, $at);
            if ($entry['tag'] === 1) {
                $needed[] = $entry['value'];
            } elseif ($entry['tag'] === 5) {
                $table['at'] = $entry['value'];
            } elseif ($entry['tag'] === 10) {
                $table['size'] = $entry['value'];
            }
        }
    }
    $names = '';
    foreach ($segments as $segment) {
        if ($segment['type'] === 1 && $table['at'] >= $segment['vaddr'] && $table['at'] < $segment['vaddr'] + $segment['filesz']) {
            $names = substr($bytes, $table['at'] - $segment['vaddr'] + $segment['offset'], $table['size']);
        }
    }
    foreach ($needed as $offset) {
        $library = $offset >= 0 && $offset < strlen($names) ? (string) strstr(substr($names, $offset, 256), "\0", true) : '';
        if ($library === 'libc.so.6') {
            $build['libc'] = 'glibc';
        } elseif ($library === 'libc.so' || strpos($library, 'libc.musl-') === 0) {
            $build['libc'] = 'musl';
        }
    }
    preg_match_all('/\0GLIBC_(\d+\.\d+)(?:\.\d+)?(?=\0)/', $names, $versions);
    usort($versions[1], 'version_compare');
    $build['glibc'] = (string) end($versions[1]);
    $build['module'] = strpos($names, "\0get_module\0") !== false;
    $build['ours'] = strpos($bytes, NAME . '_test_connection') !== false;

    // What PHP compares before it takes a module: its API, whether it is thread-safe, whether it is a debug build.
    if (preg_match('/API(20\d{6}),(N?TS)(,debug)?\0/', $bytes, $match)) {
        $build['api'] = (int) $match[1];
        $build['zts'] = $match[2] === 'TS';
        $build['debug'] = ($match[3] ?? '') !== '';
        $build['minor'] = MINORS[$build['api']] ?? '?';
    }
    return $build;
}

/** Refuses a file that this PHP would not take, with every reason; answers what the file was built for. */
function fitting(string $file, string $bytes, array $facts): array
{
    $build = build_of($bytes);
    if (!$build) {
        throw new Refused(t('%s is no shared object: it does not begin as one.', $file), 3);
    }
    $reasons = [];
    if ([$build['class'], $build['machine']] !== [$facts['class'], $facts['machine']] && $facts['machine']) {
        $reasons[] = t('it is built for %1$s, and this PHP for %2$s', MACHINES[$build['machine']] ?? t('another processor'), MACHINES[$facts['machine']] ?? t('another processor'));
    } elseif (!$build['whole']) {
        $reasons[] = t('it is not whole: it was cut, or not uploaded to its end. Upload it again');
    } elseif (!$build['module'] || !$build['api']) {
        $reasons[] = t('it is no extension of PHP');
    } elseif (!$build['ours']) {
        $reasons[] = t('it is another extension than %s', NAME);
    } else {
        if ($build['api'] !== $facts['api']) {
            $reasons[] = t('it is built for PHP %1$s (API %2$s), and this is PHP %3$s (API %4$s)', $build['minor'], (string) $build['api'], $facts['version'], (string) $facts['api']);
        }
        if ($build['zts'] !== $facts['zts']) {
            $reasons[] = $build['zts'] ? t('it is built for a thread-safe PHP (ZTS), and this one is not') : t('this PHP is thread-safe (ZTS), and it is not built for that');
        }
        if ($build['debug'] !== $facts['debug']) {
            $reasons[] = $build['debug'] ? t('it is built for a debug build of PHP, and this is none') : t('this is a debug build of PHP, and it is not built for that');
        }
        if ($build['libc'] !== '' && $facts['libc'] !== '' && $build['libc'] !== $facts['libc']) {
            $reasons[] = t('it is built for %1$s, and this system has %2$s', $build['libc'], $facts['libc']);
        } elseif ($build['glibc'] !== '' && $facts['glibc'] !== '' && version_compare($build['glibc'], $facts['glibc'], '>')) {
            $reasons[] = t('it needs glibc %1$s, and this system has %2$s', $build['glibc'], $facts['glibc']);
        }
    }
    if ($reasons) {
        throw new Refused(t('%1$s does not fit PHP %2$s (%3$s):', $file, $facts['version'], $facts['binary']) . "\n- " . implode("\n- ", $reasons), 3);
    }
    return $build;
}

function described(array $build): string
{
    return sprintf('PHP %s%s%s, %s', $build['minor'], $build['zts'] ? ' ZTS' : '', $build['debug'] ? ' debug' : '', MACHINES[$build['machine']] ?? '?');
}

// ------------------------------------------------------------------------------------------------------- the other PHP

/** What this PHP is, as far as a file has to fit it. */
function facts(): array
{
    ob_start();
    $info = function_exists('phpinfo') && phpinfo(INFO_GENERAL) ? (string) ob_get_contents() : '';
    ob_end_clean();
    $minor = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
    $api = preg_match('/PHP Extension Build => API(\d+)/', $info, $match) ? (int) $match[1] : (int) array_search($minor, MINORS, true);
    $self = (string) @file_get_contents('/proc/self/exe', false, null, 0, 20);
    $maps = (string) @file_get_contents('/proc/self/maps');
    $libc = '';
    $glibc = '';
    if (preg_match('#^.* (/\S*/(?:ld-musl-|libc\.musl-)\S*)$#m', $maps)) {
        $libc = 'musl';
    } elseif (preg_match('#^.* (/\S*/(?:libc\.so\.6|libc-2\.\d+\.so))$#m', $maps, $match)) {
        $libc = 'glibc';
        $glibc = preg_match('/GNU C Library[^\0]*? release version (\d+\.\d+)/', (string) @file_get_contents($match[1]), $match) ? $match[1] : '';
    }
    return [
        'version' => PHP_VERSION,
        'minor' => $minor,
        'binary' => PHP_BINARY,
        'sapi' => PHP_SAPI,
        'api' => $api,
        'zts' => (bool) PHP_ZTS,
        'debug' => (bool) PHP_DEBUG,
        'class' => strlen($self) === 20 ? ord($self[4]) : 0,
        'machine' => strlen($self) === 20 ? unpack(ord($self[5]) === 2 ? 'n' : 'v', $self, 18)[1] : 0,
        'libc' => $libc,
        'glibc' => $glibc,
    ];
}

/** The facts of the PHP that is meant: of this process, or of the program that was named. */
function facts_of(string $php): array
{
    if ($php === '') {
        return facts();
    }
    if (!function_exists('proc_open')) {
        return facts_unknown($php);
    }
    $run = run([$php, '-n', __FILE__, '--facts']);
    $facts = json_decode($run['out'], true);
    if (!is_array($facts) || ($facts['sapi'] ?? '') !== 'cli') {
        throw new Refused(t('%1$s cannot be started as PHP of the command line: %2$s', $php, in_short($run['err'] . $run['out'])), 4);
    }
    return $facts;
}

function facts_unknown(string $php): array
{
    throw new Refused(t('Another PHP cannot be started from here: proc_open is disabled. Without PHP’s settings it is not:') . "\n  " . implode(' ', array_map('word', array_merge([PHP_BINARY, '-n', __FILE__], array_slice($GLOBALS['argv'], 1)))), 4);
}

/** Refuses to go on where no other PHP can be started, and says what to type instead. */
function can_start(string $file, string $php)
{
    if (function_exists('proc_open')) {
        return;
    }
    throw new Refused(
        t('As far as can be read from it, the file fits. It was not loaded, and nothing was installed: proc_open is disabled here. Without PHP’s settings it is not:') . "\n  "
        . implode(' ', array_map('word', array_merge([PHP_BINARY, '-n', __FILE__], array_slice($GLOBALS['argv'], 1)))) . "\n"
        . t('Or look yourself whether this PHP takes it; the command prints %s:', NAME) . "\n  "
        . word(PHP_BINARY) . ' -n -d extension=' . word((string) realpath($file)) . ' -m | grep ' . NAME,
        4
    );
}

/**
 * Lets another PHP load the file and call a function of it, without any setting of php.ini.
 *
 * @return string the version that the extension says it has
 */
function loaded_by(string $php, string $path, string $file): string
{
    // Without a constant the function refuses before it asks anybody.
    $code = 'try { ' . NAME . '_test_connection(); } catch (\WuCloudways\Exception\ConfigException $e) { echo "called ", phpversion("' . NAME . '"); }';
    $run = run([$php === '' ? PHP_BINARY : $php, '-n', '-d', 'display_errors=stderr', '-d', 'display_startup_errors=1', '-d', 'log_errors=0', '-d', 'extension=' . $path, '-r', $code]);
    if ($run['code'] === 0 && preg_match('/^called ([0-9][0-9A-Za-z.+~-]*)$/', $run['out'], $match)) {
        return $match[1];
    }
    $said = str_replace($path, $file, in_short($run['err'] . $run['out']));
    if ($run['signal']) {
        throw new Refused(t('PHP crashed when it loaded %1$s (signal %2$s). Nothing was installed.', $file, (string) $run['signal']) . rtrim("\n" . $said), 3);
    }
    throw new Refused(t('PHP did not take %1$s. Nothing was installed. It said: %2$s', $file, $said === '' ? '–' : $said), 3);
}

/** Runs a program to its end, without a shell. */
function run(array $command): array
{
    $process = @proc_open($command, [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
    if (!is_resource($process)) {
        return ['code' => 127, 'signal' => 0, 'out' => '', 'err' => reason()];
    }
    fclose($pipes[0]);
    $text = ['', ''];
    $end = time() + PATIENCE;
    $open = [1 => $pipes[1], 2 => $pipes[2]];
    while ($open && time() < $end) {
        $read = $open;
        $write = $except = [];
        if (!@stream_select($read, $write, $except, 1)) {
            continue;
        }
        foreach ($read as $stream) {
            $number = (int) array_search($stream, $open, true);
            $chunk = fread($stream, 65536);
            $text[$number - 1] .= (string) $chunk;
            if ($chunk === false || ($chunk === '' && feof($stream))) {
                unset($open[$number]);
            }
        }
    }
    $late = (bool) $open;
    if ($late) {
        proc_terminate($process, 9);
        $text[1] = t('It did not end within %s seconds.', (string) PATIENCE);
    }
    do {
        $status = proc_get_status($process);
    } while ($status['running'] && usleep(5000) === null && time() < $end + 5);
    proc_close($process);
    return ['code' => $status['signaled'] ? -1 : $status['exitcode'], 'signal' => $status['signaled'] && !$late ? $status['termsig'] : 0, 'out' => trim($text[0]), 'err' => trim($text[1])];
}

/** PHP-FPM may be another PHP than the command line: a file for the wrong one is of no use. */
function other_php(array $facts)
{
    $minors = [];
    foreach (@glob('/proc/[0-9]*/cmdline') ?: [] as $file) {
        if (preg_match('#^php-fpm: master process \(\S*?(\d+\.\d+)/#', (string) @file_get_contents($file), $match)) {
            $minors[$match[1]] = true;
        }
    }
    if ($minors && !isset($minors[$facts['minor']])) {
        say(t('Beware: PHP-FPM on this machine is PHP %1$s, and this was checked with PHP %2$s. The file has to fit the PHP of the website: --php=/usr/bin/php%3$s', implode(', ', array_keys($minors)), $facts['minor'], (string) array_keys($minors)[0]));
    }
}

// ------------------------------------------------------------------------------------------------------- the folder

function folder(string $folder): string
{
    $real = realpath($folder);
    if ($real === false || !is_dir($real)) {
        throw new Refused(t('There is no folder %s.', $folder), 2);
    }
    if (!preg_match('#^[A-Za-z0-9._/+@~-]+$#', $real)) {
        throw new Refused(t('The path %s has characters that PHP’s settings do not take. Use another folder.', $real), 2);
    }
    return $real;
}

/** Whether visitors of a site can get at what is in the folder. */
function is_public(string $folder): bool
{
    if (preg_match('#/(?:public_html|htdocs|httpdocs)(?:/|$)#', $folder)) {
        return true;
    }
    for (; $folder !== '/' && $folder !== ''; $folder = dirname($folder)) {
        if (@is_file($folder . '/wp-load.php')) {
            return true;
        }
    }
    return false;
}

/** The folder, held until the script ends, however it ends: who installs or removes is alone in it. */
function locked(string $folder)
{
    $handle = @fopen($folder, 're'); // e: the PHP that is started must not hold it on.
    if (!$handle) {
        throw new Refused(t('%1$s cannot be opened: %2$s', $folder, reason()), 5);
    }
    for ($end = time() + PATIENCE; !flock($handle, LOCK_EX | LOCK_NB); usleep(50000)) {
        if (time() > $end) {
            throw new Refused(t('Another run of this script is at work in %s. Try again.', $folder), 5);
        }
    }
    return $handle;
}

/** Takes away what a run that was killed has left. Only for who holds the folder. */
function swept(string $folder)
{
    foreach (glob($folder . '/.' . NAME . '-*.tmp') ?: [] as $file) {
        @unlink($file);
    }
}

/** Writes a new file, and waits until it is on the disk. */
function written(string $path, string $bytes)
{
    $handle = @fopen($path, 'xbe');
    if (!$handle) {
        throw new Refused(t('%1$s cannot be written into: %2$s', dirname($path), reason()), 5);
    }
    for ($done = 0; $done < strlen($bytes); $done += $count) {
        $count = @fwrite($handle, substr($bytes, $done, 1 << 20));
        if (!$count) {
            throw new Refused(t('%1$s could not be written whole: %2$s', $path, reason()), 5);
        }
    }
    if (!@fflush($handle) || !@fsync($handle) || !@fclose($handle) || !@chmod($path, 0644)) {
        throw new Refused(t('%1$s could not be written whole: %2$s', $path, reason()), 5);
    }
    clearstatcache();
    if (filesize($path) !== strlen($bytes)) {
        throw new Refused(t('%1$s could not be written whole: %2$s', $path, '–'), 5);
    }
}

/**
 * Gives the file its final name in one step; one that has that name is never touched.
 *
 * @return bool false: the same file is there already
 */
function placed(string $temporary, string $target, string $bytes): bool
{
    clearstatcache();
    if (!file_exists($target) && !is_link($target)) {
        // A link, and not a new name: it fails where the name exists. Not every file system has links.
        if ((function_exists('link') && @link($temporary, $target)) || (!file_exists($target) && @rename($temporary, $target))) {
            return true;
        }
        clearstatcache();
        if (!file_exists($target)) {
            throw new Refused(t('%1$s could not be written whole: %2$s', $target, reason()), 5);
        }
    }
    if (is_file($target) && hash_equals(hash('sha256', $bytes), (string) @hash_file('sha256', $target))) {
        return false;
    }
    throw new Refused(t('%s is there and is another file. It was not touched, since PHP may have it loaded: a new build needs a new version.', $target), 6);
}

/** Says where a folder keeps others from the file: PHP-FPM runs as another user than the one who installs. */
function may_be_read(string $target)
{
    for ($folder = dirname($target); $folder !== '/'; $folder = dirname($folder)) {
        if (!((int) @fileperms($folder) & 0001)) {
            say(t('Beware: only its owner and its group can enter %s. The website’s user has to be one of them, or PHP-FPM cannot load the file.', $folder));
            return;
        }
    }
}

/** @return string[] the versions in the folder, oldest first */
function versions(string $folder): array
{
    $names = array_map('basename', array_filter(glob($folder . '/' . NAME . '-*.so') ?: [], 'is_file'));
    usort($names, function ($one, $two) {
        return version_compare(version_of($one), version_of($two)) ?: strcmp($one, $two);
    });
    return $names;
}

function version_of(string $name): string
{
    return preg_match('/^' . NAME . '-(.+?)(?:-php\d+\.\d+(?:-[a-z0-9_-]+)?)?\.so$/', $name, $match) ? $match[1] : $name;
}

/** A version and the PHP that it is for, such as 0.1.0-php8.2. */
function build_name(string $name): string
{
    return (string) preg_replace('/^' . NAME . '-|\.so$/', '', $name);
}

/**
 * Which processes have a file of this extension mapped, as far as they can be looked into.
 *
 * @return array maps: pid => list of path, deleted; names: pid => what it is; complete: whether every process that may
 *               run PHP could be looked into; hidden: pid => what it is, of those that could not
 */
function processes(): array
{
    $found = ['maps' => [], 'names' => [], 'hidden' => [], 'complete' => @is_dir('/proc/1') && @is_readable('/proc/self/maps')];
    foreach (@scandir('/proc') ?: [] as $pid) {
        if (!preg_match('/^\d+$/', $pid)) {
            continue;
        }
        $maps = @file_get_contents("/proc/$pid/maps");
        // Asked afterwards: a process that is just ending has no maps, and then no words either.
        $line = trim(str_replace("\0", ' ', (string) @file_get_contents("/proc/$pid/cmdline")));
        if ($maps === false) {
            if (preg_match('#^(?:\S*/)?(?:(?:ls|franken)?php|apache2|httpd|litespeed|unitd)#', $line)) {
                $found['hidden'][(int) $pid] = $line;
                $found['complete'] = false;
            }
            continue;
        }
        if (preg_match_all('#^\S+ \S+ \S+ \S+ \d+ +(/\S*' . NAME . '[^/\n]*?)( \(deleted\))?$#m', $maps, $matches, PREG_SET_ORDER)) {
            foreach ($matches as $match) {
                $found['maps'][(int) $pid][$match[1] . ($match[2] ?? '')] = ['path' => $match[1], 'deleted' => isset($match[2])];
            }
            $found['names'][(int) $pid] = $line;
        }
    }
    return $found;
}

/** @return array now: pids that have this file; gone: pids that have one that had this name before */
function users(array $seen, string $path): array
{
    $users = ['now' => [], 'gone' => []];
    foreach ($seen['maps'] as $pid => $maps) {
        foreach ($maps as $map) {
            if ($map['path'] === $path) {
                $users[$map['deleted'] ? 'gone' : 'now'][] = $pid;
            }
        }
    }
    return $users;
}

/** Processes in few words: the same ones together, with their ids. */
function listed(array $seen, array $pids): string
{
    $groups = [];
    foreach ($pids as $pid) {
        $line = $seen['names'][$pid] ?? $seen['hidden'][$pid] ?? '';
        $groups[strlen($line) > 60 ? substr($line, 0, 57) . '...' : $line][] = $pid;
    }
    // The workers of the website matter most.
    uksort($groups, function ($one, $two) {
        return (strncmp($two, 'php-fpm: pool', 13) === 0) <=> (strncmp($one, 'php-fpm: pool', 13) === 0);
    });
    $words = [];
    foreach ($groups as $line => $ids) {
        $words[] = $line . ' (' . implode(', ', array_slice($ids, 0, 8)) . (count($ids) > 8 ? ', …' : '') . ')';
    }
    return implode('; ', array_slice($words, 0, 5)) . (count($words) > 5 ? '; …' : '');
}

function unseen_note(array $seen): string
{
    return ($seen['hidden']
        ? t('These processes cannot be looked into by this user: %s.', listed($seen, array_keys($seen['hidden'])))
        : t('The processes of other users cannot be looked into by this user.'))
        . ' ' . t('What the website has loaded, it says itself: wp wu-cloudways doctor extension_web');
}

// ------------------------------------------------------------------------------------------------------- the words

function next_steps(string $folder, string $target, array $facts)
{
    $root = dirname($folder) . '/public_html';
    $wp = word($facts['binary']) . ' -d extension=' . $target . ' /usr/local/bin/wp --path=' . (is_dir($root) ? $root : '/PATH/TO/WORDPRESS') . ' ';
    say('');
    say(t('1. Put this line into the PHP FPM settings of the application, in place of an older one, and save:'));
    say('   php_admin_value[extension] = ' . $target);
    say(t('2. On the command line, WP-CLI gets it like this; the command says whether the website has it too:'));
    say('   ' . $wp . 'wu-cloudways doctor');
    say(t('3. The line of the cron job:'));
    say('   */5 * * * * ' . $wp . 'action-scheduler run --quiet');
    $others = array_diff(versions($folder), [basename($target)]);
    if ($others) {
        say(t('4. When the website has the new one, the older may go. What lies there: %s', command('status', $folder)));
    }
}

/** This script with other words, to be typed. */
function command(string ...$words): string
{
    return implode(' ', array_map('word', array_merge([PHP_BINARY, __FILE__], $words)));
}

/** A word for a shell. */
function word(string $word): string
{
    return preg_match('#^[A-Za-z0-9._/+@~=:,-]+$#', $word) ? $word : "'" . str_replace("'", "'\\''", $word) . "'";
}

/** What a program said, in one line that is not too long. */
function in_short(string $text): string
{
    $line = trim((string) preg_replace('/\s+/', ' ', $text));
    return strlen($line) > 600 ? substr($line, 0, 597) . '...' : $line;
}

/** Why the last call failed, in the words of the system. */
function reason(): string
{
    $message = (string) (error_get_last()['message'] ?? '–');
    return preg_match('/errno=\d+ (.+)$/', $message, $match) || preg_match('/: ([^:]+)$/', $message, $match) ? $match[1] : $message;
}

function say(string $line)
{
    echo $line, "\n";
}

function language(string $wanted)
{
    $locale = $wanted;
    foreach (['LC_ALL', 'LC_MESSAGES', 'LANG'] as $name) {
        $locale = $locale === '' ? (string) getenv($name) : $locale;
    }
    $GLOBALS['french'] = stripos($locale, 'fr') === 0;
}

/** A sentence in the language of the reader, with its values in it. */
function t(string $english, string ...$values): string
{
    return vsprintf($GLOBALS['french'] ?? false ? (FRENCH[$english] ?? $english) : $english, $values);
}

function usage(): string
{
    return t(
        'php install.php check [FILE]             does this file fit this PHP?
php install.php install FOLDER [FILE]    copy it into FOLDER under the name of its version, and check it there
php install.php status FOLDER            what lies there, what is loaded, what may go
php install.php remove FOLDER VERSION    remove a version that no process has open

FILE is %s where none is given.
  --php=PROGRAM   the PHP it is for, where that is not the one that runs this script
  --sha256=SUM    what the checksum of the file has to be
  --unseen        remove: the website has another one loaded, or none; that was looked at
  --lang=en       or fr
'
        , beside()
    );
}

const FRENCH = [
    'php install.php check [FILE]             does this file fit this PHP?
php install.php install FOLDER [FILE]    copy it into FOLDER under the name of its version, and check it there
php install.php status FOLDER            what lies there, what is loaded, what may go
php install.php remove FOLDER VERSION    remove a version that no process has open

FILE is %s where none is given.
  --php=PROGRAM   the PHP it is for, where that is not the one that runs this script
  --sha256=SUM    what the checksum of the file has to be
  --unseen        remove: the website has another one loaded, or none; that was looked at
  --lang=en       or fr
' => 'php install.php check [FICHIER]              ce fichier convient-il à ce PHP ?
php install.php install DOSSIER [FICHIER]    le copier dans DOSSIER sous le nom de sa version, et l’y vérifier
php install.php status DOSSIER               ce qui s’y trouve, ce qui est chargé, ce qui peut partir
php install.php remove DOSSIER VERSION       retirer une version qu’aucun processus n’a ouverte

FICHIER est %s quand aucun n’est donné.
  --php=PROGRAMME  le PHP auquel il est destiné, si ce n’est pas celui qui exécute ce script
  --sha256=SOMME   ce que doit être la somme de contrôle du fichier
  --unseen         remove : le site en a chargé un autre, ou aucun ; on l’a vérifié
  --lang=fr        ou en
',
    'This script needs PHP 8.1 or newer; this is PHP %s. Look for another one: ls /usr/bin/php*' => 'Ce script demande PHP 8.1 ou plus récent ; celui-ci est PHP %s. Cherchez-en un autre : ls /usr/bin/php*',
    'There is no option %s.' => 'L’option %s n’existe pas.',
    '%1$s is %2$s %3$s for %4$s and fits PHP %5$s (%6$s): it was loaded and called.' => '%1$s est %2$s %3$s pour %4$s et convient à PHP %5$s (%6$s) : il a été chargé et appelé.',
    '%s is inside a public folder, from which anybody could download the file. Take one beside it, such as private_html.' => '%s est dans un dossier public, d’où n’importe qui pourrait télécharger le fichier. Prenez-en un à côté, par exemple private_html.',
    'Installed: %s' => 'Installé : %s',
    'It is there already, letter by letter: %s' => 'Il y est déjà, à l’octet près : %s',
    'It was loaded and called by PHP %1$s (%2$s).' => 'Il a été chargé et appelé par PHP %1$s (%2$s).',
    'No version of %s lies here.' => 'Aucune version de %s ne se trouve ici.',
    'no extension of PHP' => 'pas une extension de PHP',
    'loaded by this PHP, %1$s (%2$s)' => 'chargé par ce PHP, %1$s (%2$s)',
    'loaded by %s' => 'chargé par %s',
    'an older file of this name, which was replaced or deleted, is still loaded by %s: restart them' => 'un ancien fichier de ce nom, remplacé ou supprimé depuis, est encore chargé par %s : redémarrez-les',
    'no process has it; to remove it: %s' => 'aucun processus ne l’a ; pour le retirer : %s',
    'no process that can be looked into has it' => 'aucun processus que l’on puisse examiner ne l’a',
    'Another one, %1$s, is loaded by %2$s' => 'Un autre, %1$s, est chargé par %2$s',
    'There is no version %1$s in %2$s. There are: %3$s' => 'La version %1$s n’est pas dans %2$s. Il y a : %3$s',
    'Say which one, by its name: %s' => 'Dites lequel, par son nom : %s',
    '%1$s is loaded by %2$s. Not removed: first put the new file into the line of PHP-FPM and save, or take the line away; then try again.' => '%1$s est chargé par %2$s. Il n’a pas été retiré : mettez d’abord le nouveau fichier dans la ligne de PHP-FPM et enregistrez, ou enlevez la ligne ; puis réessayez.',
    'Not removed: one of them may have %1$s. If the website has another one, or none, say so: %2$s' => 'Il n’a pas été retiré : l’un d’eux a peut-être %1$s. Si le site en a chargé un autre, ou aucun, dites-le : %2$s',
    '%1$s could not be removed: %2$s' => '%1$s n’a pas pu être retiré : %2$s',
    'Removed: %s' => 'Retiré : %s',
    'There is no file %s.' => 'Le fichier %s n’existe pas.',
    '%1$s cannot be read: %2$s' => '%1$s ne peut pas être lu : %2$s',
    'SHA-256: %s. There is no checksum beside it to compare with.' => 'SHA-256 : %s. Aucune somme de contrôle n’est à côté pour comparer.',
    '%1$s is not the file that was built: its SHA-256 is %2$s, and according to %3$s it should be %4$s. Upload it again.' => '%1$s n’est pas le fichier qui a été compilé : son SHA-256 est %2$s, et d’après %3$s il devrait être %4$s. Envoyez-le de nouveau.',
    'SHA-256: %1$s, as %2$s says.' => 'SHA-256 : %1$s, comme le dit %2$s.',
    '%s is no shared object: it does not begin as one.' => '%s n’est pas une bibliothèque partagée : il ne commence pas comme elles.',
    'it is built for %1$s, and this PHP for %2$s' => 'il est compilé pour %1$s, et ce PHP pour %2$s',
    'another processor' => 'un autre processeur',
    'it is not whole: it was cut, or not uploaded to its end. Upload it again' => 'il n’est pas entier : il a été coupé, ou pas envoyé jusqu’au bout. Envoyez-le de nouveau',
    'it is no extension of PHP' => 'ce n’est pas une extension de PHP',
    'it is another extension than %s' => 'c’est une autre extension que %s',
    'it is built for PHP %1$s (API %2$s), and this is PHP %3$s (API %4$s)' => 'il est compilé pour PHP %1$s (API %2$s), et celui-ci est PHP %3$s (API %4$s)',
    'it is built for a thread-safe PHP (ZTS), and this one is not' => 'il est compilé pour un PHP à plusieurs fils d’exécution (ZTS), et celui-ci ne l’est pas',
    'this PHP is thread-safe (ZTS), and it is not built for that' => 'ce PHP est à plusieurs fils d’exécution (ZTS), et il n’est pas compilé pour cela',
    'it is built for a debug build of PHP, and this is none' => 'il est compilé pour un PHP de débogage, et celui-ci n’en est pas un',
    'this is a debug build of PHP, and it is not built for that' => 'ce PHP est de débogage, et il n’est pas compilé pour cela',
    'it is built for %1$s, and this system has %2$s' => 'il est compilé pour %1$s, et ce système a %2$s',
    'it needs glibc %1$s, and this system has %2$s' => 'il demande la glibc %1$s, et ce système a la %2$s',
    '%1$s does not fit PHP %2$s (%3$s):' => '%1$s ne convient pas à PHP %2$s (%3$s) :',
    '%1$s cannot be started as PHP of the command line: %2$s' => '%1$s ne peut pas être lancé comme PHP de la ligne de commande : %2$s',
    'Another PHP cannot be started from here: proc_open is disabled. Without PHP’s settings it is not:' => 'Un autre PHP ne peut pas être lancé d’ici : proc_open est désactivé. Sans les réglages de PHP, il ne l’est pas :',
    'As far as can be read from it, the file fits. It was not loaded, and nothing was installed: proc_open is disabled here. Without PHP’s settings it is not:' => 'Pour autant qu’on puisse le lire, le fichier convient. Il n’a pas été chargé, et rien n’a été installé : proc_open est désactivé ici. Sans les réglages de PHP, il ne l’est pas :',
    'Or look yourself whether this PHP takes it; the command prints %s:' => 'Ou regardez vous-même si ce PHP l’accepte ; la commande affiche %s :',
    'PHP crashed when it loaded %1$s (signal %2$s). Nothing was installed.' => 'PHP s’est arrêté brutalement en chargeant %1$s (signal %2$s). Rien n’a été installé.',
    'PHP did not take %1$s. Nothing was installed. It said: %2$s' => 'PHP n’a pas accepté %1$s. Rien n’a été installé. Il a dit : %2$s',
    'It did not end within %s seconds.' => 'Il n’a pas fini en %s secondes.',
    'Beware: PHP-FPM on this machine is PHP %1$s, and this was checked with PHP %2$s. The file has to fit the PHP of the website: --php=/usr/bin/php%3$s' => 'Attention : PHP-FPM est ici PHP %1$s, et ceci a été vérifié avec PHP %2$s. Le fichier doit convenir au PHP du site : --php=/usr/bin/php%3$s',
    'There is no folder %s.' => 'Le dossier %s n’existe pas.',
    'The path %s has characters that PHP’s settings do not take. Use another folder.' => 'Le chemin %s contient des caractères que les réglages de PHP n’acceptent pas. Prenez un autre dossier.',
    '%1$s cannot be opened: %2$s' => '%1$s ne peut pas être ouvert : %2$s',
    'Another run of this script is at work in %s. Try again.' => 'Ce script travaille déjà dans %s. Réessayez.',
    '%1$s cannot be written into: %2$s' => 'on ne peut pas écrire dans %1$s : %2$s',
    '%1$s could not be written whole: %2$s' => '%1$s n’a pas pu être écrit en entier : %2$s',
    '%s is there and is another file. It was not touched, since PHP may have it loaded: a new build needs a new version.' => '%s existe et est un autre fichier. On n’y a pas touché, car PHP l’a peut-être chargé : une nouvelle compilation demande une nouvelle version.',
    'Beware: only its owner and its group can enter %s. The website’s user has to be one of them, or PHP-FPM cannot load the file.' => 'Attention : seuls son propriétaire et son groupe peuvent entrer dans %s. L’utilisateur du site doit en être, sinon PHP-FPM ne peut pas charger le fichier.',
    'These processes cannot be looked into by this user: %s.' => 'Cet utilisateur ne peut pas examiner ces processus : %s.',
    'The processes of other users cannot be looked into by this user.' => 'Cet utilisateur ne peut pas examiner les processus des autres.',
    'What the website has loaded, it says itself: wp wu-cloudways doctor extension_web' => 'Ce que le site a chargé, il le dit lui-même : wp wu-cloudways doctor extension_web',
    '1. Put this line into the PHP FPM settings of the application, in place of an older one, and save:' => '1. Mettez cette ligne dans les réglages PHP FPM de l’application, à la place d’une plus ancienne, et enregistrez :',
    '2. On the command line, WP-CLI gets it like this; the command says whether the website has it too:' => '2. Sur la ligne de commande, WP-CLI le reçoit ainsi ; la commande dit si le site l’a aussi :',
    '3. The line of the cron job:' => '3. La ligne de la tâche cron :',
    '4. When the website has the new one, the older may go. What lies there: %s' => '4. Quand le site a le nouveau, l’ancien peut partir. Ce qui s’y trouve : %s',
];

exit(main(array_slice($argv, 1)));
