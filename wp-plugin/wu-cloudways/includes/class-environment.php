<?php
/**
 * What the plugin finds around itself.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Facts about WordPress, Ultimate Multisite, the extension and the constants.
 *
 * Nothing here is a text for people: a problem is a code with arguments, and
 * Messages turns it into words.
 */
final class Environment {

	/**
	 * The extension in this very process.
	 *
	 * @return array{loaded: bool, version: ?string, compatible: bool}
	 */
	public function extension(): array {}

	/**
	 * Everything that keeps the plugin from working, or will soon.
	 *
	 * Codes and their arguments:
	 *
	 *     no_multisite          error    –
	 *     no_um                 error    –
	 *     um_not_set_up         error    –
	 *     extension_missing     error    here: 'web'|'cli', web: ?bool, cli: ?bool, php: string (8.2), sapi: string, ini: string
	 *                           warning  the same, when the other process has it
	 *     extension_old         error    version: string, wanted: string
	 *     constants_missing     error    names: list<string>
	 *     credential_unreadable error    names: list<string>  (stored by UM's wizard, and the salts changed since)
	 *     integration_disabled  warning  –
	 *     clone                 error    expected: array, actual: array (keys sys_user, home, environment)
	 *     lock_held             warning  since: int, expires: int  (a run that never came back)
	 *     tables_missing        error    –
	 *
	 * Reads options and the memory: for pages and commands, not for the front end.
	 *
	 * @return list<array{code: string, args: array<string, mixed>, severity: 'error'|'warning'}>
	 */
	public function problems(): array {}

	/**
	 * Which kind of process this is. The two load different php.ini files, so
	 * that the extension may be in one and not in the other.
	 *
	 * @return 'web'|'cli'
	 */
	public function sapi_here(): string {}

	/**
	 * Where the extension was seen; null is "never looked".
	 *
	 * @return array{web: ?bool, cli: ?bool}
	 */
	public function where_loaded(): array {}

	/**
	 * Remembers whether this process has the extension. Writes only a change.
	 */
	public function remember_here(): void {}

	/** Ultimate Multisite is active and its set-up was finished. */
	public function um_loaded(): bool {}

	/** The Cloudways integration is switched on in Ultimate Multisite. */
	public function integration_enabled(): bool {}
}
