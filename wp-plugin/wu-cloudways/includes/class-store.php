<?php
/**
 * The plugin's memory, in tables of its own.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Tables (all with the network's base prefix):
 *
 *     wu_cloudways_sync_lock     one row: who is running
 *     wu_cloudways_sync_memory   name, number, value: dirty, due, state, ...
 *     wu_cloudways_sync_domains  the domains of the last report, for paging and search
 *     wu_cloudways_sync_removed  names whose mapping ended, until they are gone at Cloudways
 *     wu_cloudways_sync_runs     the last twenty runs in short, the last one whole
 *
 * Every read goes past the object cache, and a failed read or write is a Store_Exception.
 */
final class Store {

	public function install(): void {}

	public function uninstall(): void {}

	public function installed(): bool {}

	/**
	 * Something changed that Cloudways does not know yet.
	 *
	 * @param string       $reason  A short word for the log: add, rename, delete, save, site, settings ...
	 * @param list<string> $removed Names whose mapping ended.
	 */
	public function mark_dirty( string $reason, array $removed = array() ): void {}

	/** How many changes wait. */
	public function dirty(): int {}

	/** Unix time of the next run; null when nothing was planned yet. */
	public function due_at(): ?int {}

	/** The engine's memory, as it was returned last. */
	public function state(): ?array {}

	/** The last report (design: the report, version 1) with all its domains, without `state`. */
	public function last_report(): ?array {}

	/**
	 * The last report without its domains: cheap, also with ten thousand of them.
	 * `domains` is an empty array, `domain_counts` is array{total: int, by_verdict: array<string, int>, by_certificate: array<string, int>, by_alias: array<string, int>}.
	 */
	public function last_summary(): ?array {}

	/**
	 * @return array{id: int, started_at: int, finished_at: ?int, trigger: string, context: string, status: string, code: ?string, message: ?string, remedy: ?string, added: int, removed: int}|null
	 *         status: running, the report's status (ok, pending, partial, changes_pending), failed, refused, interrupted
	 */
	public function last_run(): ?array {}

	/**
	 * Newest first, shaped as last_run().
	 *
	 * @return list<array>
	 */
	public function runs( int $limit = 20 ): array {}

	/**
	 * A page of the last report's domains.
	 *
	 * @param array{search?: string, verdict?: string, alias?: string, certificate?: string, page?: int, per_page?: int} $args
	 *        search: part of a name; verdict: here, elsewhere, proxied, missing, unknown, not_asked.
	 * @return array{items: array<string, array>, total: int} Name => the report's entry for it.
	 */
	public function domains( array $args = array() ): array {}
}
