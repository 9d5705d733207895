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
 *
 * Names in the memory table:
 *
 *     dirty     number: changes that wait; value: time of the last one, with microseconds
 *     tried     number: dirty as it was when a run last failed; the same events do not make it run again
 *     failures  number: failed runs in a row
 *     due       number: unix time of the next run
 *     alarm     number: unix time before which the clocks do not ring for work that was left to the other process
 *     hold      number: unix time before which nobody but a person starts a run (the API said so)
 *     good      number: unix time of the last good run; cleared on deactivation
 *     state     value: the engine's memory (JSON)
 *     home      value: where the network ran when it wrote (see Clone_Guard)
 *     web, cli  number: 1 when the extension was seen there, 0 when it was not; value: that process's facts (JSON, see Process)
 *     request   number: when a person asked where the extension is not loaded; value: what for (JSON)
 *     answered  number: the run that carried a person's request out; value: the id of that request
 *     wake      number: time of the last accepted wake-up, in microseconds
 *     asked     number: time of the first wake-up since then that was sent, in microseconds
 *     query     number: time of the last question to the other process that was answered, in microseconds
 *     logged    value: what the log said last about the whole (JSON), so that it is not repeated
 *     probe     number: when the file was made that names behind a proxy are asked for; value: see Probe
 *     paused    number: since when a person wants nothing to be sent; value: that person's login name
 *     pins      value: mapped domains that get a place in the certificate first (JSON)
 *     adopted   value: names that a person took over from Cloudways and that no mapping asks for (JSON)
 *     release   value: aliases that a person wants left alone, until the engine's memory has it (JSON)
 *     remove    value: aliases of others that a person wants removed, until they are (JSON)
 *     failing   number: when the first of the runs failed that have failed since the last good one; value: the newest
 *               error (JSON)
 *     mail_…    number: when an e-mail was sent about this alarm (failing, stuck, certificate), while it stands
 *     schema    number: the version of these tables (see SCHEMA); none where the first plugin made them
 *     unread    number: version of a report that this plugin could not read; value: version of the extension that gave it
 *     addresses value: public addresses of the server at Cloudways, as the last report has them (JSON)
 */
final class Store {

	const TABLES    = array( 'lock', 'memory', 'domains', 'removed', 'runs' );
	const KEPT_RUNS = 20;

	/**
	 * The version of the tables. It goes up when an older plugin would misread them; upgrade() brings them up, and a plugin
	 * that finds a higher one stands still. The memory keeps its three columns in every version, so that this can be read.
	 */
	const SCHEMA = 1;

	/**
	 * Columns that came after the first tables, by the schema that has them.
	 */
	const NEW_COLUMNS = array(
		1 => array(
			array( 'runs', 'details', 'text' ),
			array( 'removed', 'marked', 'bigint NOT NULL DEFAULT 0' ),
		),
	);

	/**
	 * Seconds that a wake-up may stay without an answer before that is a problem.
	 */
	const ANSWER = 600;

	/**
	 * Seconds that a person's request waits for the process that can fulfil it.
	 */
	const REQUEST_LIFE = 900;

	/**
	 * Longest slice of a multi-row statement, in bytes: far below the smallest max_allowed_packet in use.
	 */
	const SLICE = 262144;

	/**
	 * The version of the tables.
	 *
	 * @return int 0 when they do not say it.
	 * @throws Store_Exception When it could not be read.
	 */
	public function schema(): int {
		return $this->number( 'schema' ) ?? 0;
	}

	/**
	 * Brings the tables of an earlier plugin up to this one, with what is in them. The caller holds the lock, so that of two
	 * processes one does it, and none in the middle of a run.
	 *
	 * @return void
	 * @throws Store_Exception When the database refused: it is done again from where it stopped.
	 */
	public function upgrade(): void {
		$from = $this->schema();

		foreach ( self::NEW_COLUMNS as $schema => $columns ) {
			foreach ( $schema > $from ? $columns : array() as list( $table, $column, $definition ) ) {
				$table = Database::table( $table );

				if ( ! in_array( $column, array_column( Database::rows( "SHOW COLUMNS FROM {$table}" ), 'Field' ), true ) ) {
					Database::write( "ALTER TABLE {$table} ADD COLUMN {$column} {$definition}" );
				}
			}
		}

		if ( $from < self::SCHEMA ) {
			$this->put( 'schema', self::SCHEMA );
		}
	}

	/**
	 * The same on a page or at activation, where nobody holds the lock yet. Does nothing while a run is at work: it, or the
	 * next one, does it.
	 *
	 * @param Lock $lock The lock.
	 * @return void
	 * @throws Store_Exception When the database refused.
	 */
	public function upgrade_if_free( Lock $lock ): void {
		if ( $this->schema() >= self::SCHEMA ) {
			return;
		}

		$token = $lock->acquire( MINUTE_IN_SECONDS );

		if ( null === $token ) {
			return;
		}

		try {
			$this->upgrade();
		} finally {
			$lock->release( $token );
		}
	}

	/**
	 * The last report that could not be read, as it was of another version.
	 *
	 * @return array{report: int, extension: string}|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function unread(): ?array {
		$row = Database::row( 'SELECT number, value FROM ' . Database::table( 'memory' ) . " WHERE name = 'unread'" );

		return $row ? array(
			'report'    => (int) $row['number'],
			'extension' => (string) $row['value'],
		) : null;
	}

	/**
	 * Creates the tables. Does nothing to those that exist.
	 *
	 * @return void
	 * @throws Store_Exception When the database refused.
	 */
	public function install(): void {
		global $wpdb;

		$is_new  = ! $this->found();
		$charset = $wpdb->get_charset_collate();
		$columns = array(
			'lock'    => "name varchar(64) NOT NULL,
				token varchar(64) NOT NULL DEFAULT '',
				since bigint NOT NULL DEFAULT 0,
				expires bigint NOT NULL DEFAULT 0,
				context varchar(190) NOT NULL DEFAULT '',
				saves bigint NOT NULL DEFAULT 0,
				PRIMARY KEY (name)",
			'memory'  => 'name varchar(64) NOT NULL,
				number bigint NOT NULL DEFAULT 0,
				value longtext,
				PRIMARY KEY (name)',
			// The key is a hash: a name of 253 characters is longer than an index may be on older databases.
			'domains' => "id char(32) NOT NULL,
				domain varchar(255) NOT NULL,
				verdict varchar(20) NOT NULL DEFAULT '',
				alias varchar(20) NOT NULL DEFAULT '',
				certificate varchar(20) NOT NULL DEFAULT '',
				hash char(32) NOT NULL DEFAULT '',
				value longtext NOT NULL,
				PRIMARY KEY (id),
				KEY domain (domain(150))",
			'removed' => 'id char(32) NOT NULL,
				domain varchar(255) NOT NULL,
				marked bigint NOT NULL DEFAULT 0,
				PRIMARY KEY (id)',
			'runs'    => "id bigint unsigned NOT NULL AUTO_INCREMENT,
				started_at bigint NOT NULL DEFAULT 0,
				finished_at bigint NOT NULL DEFAULT 0,
				cause varchar(20) NOT NULL DEFAULT '',
				context varchar(20) NOT NULL DEFAULT '',
				status varchar(20) NOT NULL DEFAULT '',
				code varchar(64) NOT NULL DEFAULT '',
				message text,
				remedy text,
				details text,
				added int NOT NULL DEFAULT 0,
				removed int NOT NULL DEFAULT 0,
				report longtext,
				PRIMARY KEY (id)",
		);

		foreach ( $columns as $name => $definition ) {
			Database::write( 'CREATE TABLE IF NOT EXISTS ' . Database::table( $name ) . " ({$definition}) {$charset}" );
		}

		// Those that were just made have no run to be in the middle of; the others wait for the lock.
		if ( $is_new ) {
			$this->put( 'schema', self::SCHEMA );
		}
	}

	/**
	 * Drops the tables.
	 *
	 * @return void
	 * @throws Store_Exception When the database refused.
	 */
	public function uninstall(): void {
		foreach ( self::TABLES as $name ) {
			Database::write( 'DROP TABLE IF EXISTS ' . Database::table( $name ) );
		}
	}

	/**
	 * All tables are there.
	 *
	 * @return bool
	 * @throws Store_Exception When the database could not be asked.
	 */
	public function installed(): bool {
		$each = array_map( static fn( string $name ): string => '(SELECT COUNT(*) FROM ' . Database::table( $name ) . ' WHERE 1 = 0)', self::TABLES );

		try {
			Database::row( 'SELECT ' . implode( ' + ', $each ) . ' AS none' );
		} catch ( Store_Exception $error ) {
			if ( Store_Exception::NO_TABLE !== $error->getCode() ) {
				throw $error;
			}

			return false;
		}

		return true;
	}

	/**
	 * Creates the tables when there is none of them: a network activation that ran elsewhere, say.
	 *
	 * When only some are missing, something is wrong with the database, and an empty table in their place would be taken
	 * for a memory: nothing is made then.
	 *
	 * @return bool They were created.
	 * @throws Store_Exception When the database refused.
	 */
	public function install_if_new(): bool {
		if ( $this->found() ) {
			return false;
		}

		$this->install();

		return true;
	}

	/**
	 * The tables that are there.
	 *
	 * @return list<string>
	 * @throws Store_Exception When the database could not be asked.
	 */
	private function found(): array {
		return array_values(
			array_filter(
				self::TABLES,
				static function ( string $name ): bool {
					try {
						Database::rows( 'SELECT 1 FROM ' . Database::table( $name ) . ' LIMIT 1' );
					} catch ( Store_Exception $error ) {
						if ( Store_Exception::NO_TABLE !== $error->getCode() ) {
							throw $error;
						}

						return false;
					}

					return true;
				}
			)
		);
	}

	/**
	 * Something changed that Cloudways does not know yet.
	 *
	 * @param string       $reason  A short word for a person who looks at the table: add, rename, delete, save, site, settings, dns.
	 * @param list<string> $removed Names whose mapping ended.
	 * @return void
	 * @throws Store_Exception When it could not be remembered.
	 */
	public function mark_dirty( string $reason, array $removed = array() ): void {
		// The names first: a run that sees the count must see them too.
		foreach ( $removed as $name ) {
			$name = self::column( strtolower( trim( (string) $name ) ) );

			if ( '' !== $name ) {
				$mark = (int) round( microtime( true ) * 1000000 );

				Database::write( 'INSERT IGNORE INTO ' . Database::table( 'removed' ) . ' (id, domain, marked) VALUES (%s, %s, %d)', array( md5( $name ), $name, $mark ) );
				Database::write( 'UPDATE ' . Database::table( 'removed' ) . ' SET marked = %d WHERE id = %s', array( $mark, md5( $name ) ) );
			}
		}

		$this->put_missing( 'dirty' );
		Database::write(
			'UPDATE ' . Database::table( 'memory' ) . " SET number = number + 1, value = %s WHERE name = 'dirty'",
			array( sprintf( '%.6F %s', microtime( true ), $reason ) )
		);
	}

	/**
	 * How many changes wait.
	 *
	 * @return int
	 * @throws Store_Exception When it could not be read.
	 */
	public function dirty(): int {
		return $this->number( 'dirty' ) ?? 0;
	}

	/**
	 * Clears what was counted before the list was read, and nothing that was counted since.
	 *
	 * @param int $number dirty() as it was then.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function clear_dirty( int $number ): void {
		Database::write( 'UPDATE ' . Database::table( 'memory' ) . " SET number = number - %d WHERE name = 'dirty' AND number >= %d", array( $number, $number ) );
	}

	/**
	 * When the last change was counted.
	 *
	 * @return float Unix time; 0 when never.
	 * @throws Store_Exception When it could not be read.
	 */
	public function last_mark(): float {
		return (float) strtok( (string) $this->value( 'dirty' ), ' ' );
	}

	/**
	 * Time of the next run.
	 *
	 * @return int|null Unix time; null when nothing was planned yet.
	 * @throws Store_Exception When it could not be read.
	 */
	public function due_at(): ?int {
		$due = $this->pulse()['due'];

		return $due ? $due : null;
	}

	/**
	 * What decides whether a run is worth it, in one read.
	 *
	 * @return array{dirty: int, tried: int, failures: int, due: int, alarm: int, hold: int, schema: int} Zero is "none".
	 * @throws Store_Exception When it could not be read.
	 */
	public function pulse(): array {
		$pulse = array_fill_keys( array( 'dirty', 'tried', 'failures', 'due', 'alarm', 'hold', 'schema' ), 0 );
		$rows  = Database::rows( 'SELECT name, number FROM ' . Database::table( 'memory' ) . " WHERE name IN ('dirty', 'tried', 'failures', 'due', 'alarm', 'hold', 'schema')" );

		foreach ( $rows as $row ) {
			$pulse[ $row['name'] ] = (int) $row['number'];
		}

		// Times that nobody sets come from a clock that was ahead: without them, it is due now.
		$now            = time();
		$pulse['hold']  = $pulse['hold'] > $now + DAY_IN_SECONDS + MINUTE_IN_SECONDS ? 0 : $pulse['hold'];
		$pulse['due']   = $pulse['due'] > max( $pulse['hold'], $now + 2 * Scheduler::RECONCILE ) ? 0 : $pulse['due'];
		$pulse['alarm'] = min( $pulse['alarm'], $now + Scheduler::RECONCILE );

		return $pulse;
	}

	/**
	 * The engine's memory, as it was returned last.
	 *
	 * @return array|null Null when there is none. One that cannot be read is not none: it is handed on as a version that
	 *         never was, so that the engine says that its memory is damaged.
	 * @throws Store_Exception When it could not be read.
	 */
	public function state(): ?array {
		$stored = (string) $this->value( 'state' );
		$state  = json_decode( $stored, true );

		if ( is_array( $state ) ) {
			return $state;
		}

		return '' === $stored ? null : array( 'version' => 0 );
	}

	/**
	 * Names whose mapping ended, and that may still be at Cloudways.
	 *
	 * @return array<string, int> Name => when it was marked last, in microseconds.
	 * @throws Store_Exception When they could not be read.
	 */
	public function removed(): array {
		return array_map( 'intval', array_column( Database::rows( 'SELECT domain, marked FROM ' . Database::table( 'removed' ) . ' ORDER BY domain' ), 'marked', 'domain' ) );
	}

	/**
	 * The number of a row in the memory.
	 *
	 * @param string $name Name.
	 * @return int|null Null when there is none.
	 * @throws Store_Exception When it could not be read.
	 */
	public function number( string $name ): ?int {
		$row = Database::row( 'SELECT number FROM ' . Database::table( 'memory' ) . ' WHERE name = %s', array( $name ) );

		return $row ? (int) $row['number'] : null;
	}

	/**
	 * The text of a row in the memory.
	 *
	 * @param string $name Name.
	 * @return string|null Null when there is none.
	 * @throws Store_Exception When it could not be read.
	 */
	public function value( string $name ): ?string {
		return Database::row( 'SELECT value FROM ' . Database::table( 'memory' ) . ' WHERE name = %s', array( $name ) )['value'] ?? null;
	}

	/**
	 * Keeps a number, a text, or both.
	 *
	 * @param string      $name   Name.
	 * @param int         $number Number.
	 * @param string|null $value  Text.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function put( string $name, int $number, ?string $value = null ): void {
		$table = Database::table( 'memory' );

		// Whole from the first moment: others read without a lock, and would take a nought for an answer.
		$inserted = null === $value
			? Database::write( "INSERT IGNORE INTO {$table} (name, number) VALUES (%s, %d)", array( $name, $number ) )
			: Database::write( "INSERT IGNORE INTO {$table} (name, number, value) VALUES (%s, %d, %s)", array( $name, $number, $value ) );

		if ( 1 === $inserted ) {
			return;
		}

		if ( null === $value ) {
			Database::write( "UPDATE {$table} SET number = %d WHERE name = %s", array( $number, $name ) );

			return;
		}

		Database::write( "UPDATE {$table} SET number = %d, value = %s WHERE name = %s", array( $number, $value, $name ) );
	}

	/**
	 * Forgets a row.
	 *
	 * @param string $name Name.
	 * @return void
	 * @throws Store_Exception When it could not be forgotten.
	 */
	public function forget( string $name ): void {
		Database::write( 'DELETE FROM ' . Database::table( 'memory' ) . ' WHERE name = %s', array( $name ) );
	}

	/**
	 * Raises a number, for one process only.
	 *
	 * @param string $name   Name.
	 * @param int    $number New number.
	 * @param int    $limit  A number above it is none: it comes from a clock that was ahead.
	 * @return bool False when it was that high already.
	 * @throws Store_Exception When it could not be kept.
	 */
	public function raise( string $name, int $number, int $limit ): bool {
		$this->put_missing( $name );

		return 1 === Database::write( 'UPDATE ' . Database::table( 'memory' ) . ' SET number = %d WHERE name = %s AND ( number < %d OR number > %d )', array( $number, $name, $number, $limit ) );
	}

	/**
	 * Whether something that is to happen once in a while may happen now. Of several processes, one is told so.
	 *
	 * @param string $name  Name of the row that keeps the time.
	 * @param int    $every Seconds.
	 * @return bool
	 * @throws Store_Exception When it could not be kept.
	 */
	public function take_turn( string $name, int $every ): bool {
		$now = time();

		$this->put_missing( $name );

		// A time that is still to come is none: it comes from a clock that was ahead.
		return 1 === Database::write( 'UPDATE ' . Database::table( 'memory' ) . ' SET number = %d WHERE name = %s AND ( number <= %d OR number > %d )', array( $now, $name, $now - $every, $now + MINUTE_IN_SECONDS ) );
	}

	/**
	 * Notes that a wake-up is sent, unless an earlier one still has no answer.
	 *
	 * @param int $time Its time, in microseconds.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function note_asked( int $time ): void {
		$asked = (int) $this->number( 'asked' );

		if ( $asked <= (int) $this->number( 'wake' ) || $asked > $time ) {
			$this->put( 'asked', $time );
		}
	}

	/**
	 * Since when wake-ups are sent and none of them arrives.
	 *
	 * @return int|null Unix time; null when one arrived, or when it is too soon to say.
	 * @throws Store_Exception When it could not be read.
	 */
	public function unanswered_since(): ?int {
		$asked = (int) $this->number( 'asked' );
		$since = intdiv( $asked, 1000000 );

		return $asked > (int) $this->number( 'wake' ) && $since < time() - self::ANSWER ? $since : null;
	}

	/**
	 * A person asked for a run in a process without the extension: keeps it for the one that has it.
	 *
	 * @param array{force?: bool, fingerprint?: string} $request What was asked.
	 * @return string Its id.
	 * @throws Store_Exception When it could not be kept.
	 */
	public function put_request( array $request ): string {
		$id = bin2hex( random_bytes( 8 ) );

		$this->put( 'request', time(), self::encode( array( 'id' => $id ) + $request ) );

		return $id;
	}

	/**
	 * What a person asked for, and nobody did yet.
	 *
	 * @return array{id: string, force?: bool, fingerprint?: string}|null Null also when it was too long ago: by then there may be
	 *         other things to decide.
	 * @throws Store_Exception When it could not be read.
	 */
	public function request(): ?array {
		$row     = Database::row( 'SELECT number, value FROM ' . Database::table( 'memory' ) . " WHERE name = 'request'" );
		$request = json_decode( (string) ( $row['value'] ?? '' ), true );

		return is_array( $request ) && (int) $row['number'] > time() - self::REQUEST_LIFE ? $request + array( 'id' => '' ) : null;
	}

	/**
	 * Takes a request away: to carry it out, or to take it back. Of two at a time only one does.
	 *
	 * @param string $id Its id.
	 * @return bool False when it was taken already, or another one has come in its place.
	 * @throws Store_Exception When it could not be taken.
	 */
	public function take_request( string $id ): bool {
		$value = (string) $this->value( 'request' );

		return ( json_decode( $value, true )['id'] ?? '' ) === $id
			&& 1 === Database::write( 'DELETE FROM ' . Database::table( 'memory' ) . " WHERE name = 'request' AND value = %s", array( $value ) );
	}

	/**
	 * Notes which run carries a request out.
	 *
	 * @param string $id     The request's.
	 * @param int    $run_id The run.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function answer_request( string $id, int $run_id ): void {
		$this->put( 'answered', $run_id, $id );
	}

	/**
	 * The run that carries a request out.
	 *
	 * @param string $id The request's.
	 * @return int|null Null while there is none.
	 * @throws Store_Exception When it could not be read.
	 */
	public function run_of_request( string $id ): ?int {
		return '' !== $id && $this->value( 'answered' ) === $id ? $this->number( 'answered' ) : null;
	}

	/**
	 * A person wants nothing to be sent for the time being.
	 *
	 * @return array{since: int, by: string}|null by: a login name, or empty; null when nobody does.
	 * @throws Store_Exception When it could not be read.
	 */
	public function paused(): ?array {
		$row = Database::row( 'SELECT number, value FROM ' . Database::table( 'memory' ) . " WHERE name = 'paused'" );

		return $row ? array(
			'since' => (int) $row['number'],
			'by'    => (string) $row['value'],
		) : null;
	}

	/**
	 * Nothing is sent from now on. A pause that is there already stays as it is.
	 *
	 * @param string $by A login name.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function pause( string $by ): void {
		if ( null === $this->paused() ) {
			$this->put( 'paused', time(), self::text( $by ) );
		}
	}

	/**
	 * What waited is sent with the next run, which is at once.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function resume(): void {
		$this->forget( 'paused' );
	}

	/**
	 * Puts names into a list of a person's decisions, and takes others out. See Decisions.
	 *
	 * @param 'pins'|'adopted'|'release'|'remove' $which The list.
	 * @param list<string>                        $in    Names for it.
	 * @param list<string>                        $out   Names that leave it.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	public function change_names( string $which, array $in, array $out = array() ): void {
		Database::transaction(
			function () use ( $which, $in, $out ): void {
				// Taken first, so that of two at a time the second sees what the first did.
				$this->put_missing( $which );
				Database::write( 'UPDATE ' . Database::table( 'memory' ) . ' SET number = number + 1 WHERE name = %s', array( $which ) );

				$lower = static fn( array $names ): array => array_map( static fn( $name ): string => self::column( strtolower( trim( (string) $name ) ) ), $names );
				$names = array_unique( array_merge( array_diff( $this->names( $which ), $lower( $out ) ), $lower( $in ) ) );

				sort( $names, SORT_STRING );
				Database::write( 'UPDATE ' . Database::table( 'memory' ) . ' SET value = %s WHERE name = %s', array( self::encode( array_values( array_filter( $names, 'strlen' ) ) ), $which ) );
			}
		);
	}

	/**
	 * A list of a person's decisions.
	 *
	 * @param 'pins'|'adopted'|'release'|'remove' $which The list.
	 * @return list<string>
	 * @throws Store_Exception When it could not be read.
	 */
	public function names( string $which ): array {
		$names = json_decode( (string) $this->value( $which ), true );

		return array_values( array_filter( is_array( $names ) ? $names : array(), 'is_string' ) );
	}

	/**
	 * Notes that a run begins.
	 *
	 * @param string $trigger What started it.
	 * @param string $context 'web' or 'cli'.
	 * @return int Its id.
	 * @throws Store_Exception When it could not be noted.
	 */
	public function begin_run( string $trigger, string $context ): int {
		global $wpdb;

		Database::write(
			'INSERT INTO ' . Database::table( 'runs' ) . " (started_at, cause, context, status) VALUES (%d, %s, %s, 'running')",
			array( time(), $trigger, $context )
		);

		return (int) $wpdb->insert_id;
	}

	/**
	 * An earlier run never came to its end: what it sent, nobody knows.
	 *
	 * @param int $run_id The run that asks.
	 * @return bool
	 * @throws Store_Exception When it could not be read.
	 */
	public function interrupted_before( int $run_id ): bool {
		return null !== Database::row(
			'SELECT id FROM ' . Database::table( 'runs' ) . " WHERE id < %d AND status = 'running' LIMIT 1",
			array( $run_id )
		);
	}

	/**
	 * Notes that a run ended without a report: nothing was written at Cloudways.
	 *
	 * @param int    $run_id The run.
	 * @param string $status failed or refused.
	 * @param array  $error  Error of an outcome.
	 * @return void
	 * @throws Store_Exception When it could not be noted.
	 */
	public function fail_run( int $run_id, string $status, array $error ): void {
		Database::write(
			'UPDATE ' . Database::table( 'runs' ) . ' SET finished_at = %d, status = %s, code = %s, message = %s, remedy = %s, details = %s WHERE id = %d',
			array( time(), $status, self::word( $error['code'], 64 ), self::text( $error['message'] ), self::text( $error['remedy'] ), self::details( $error ), $run_id )
		);
		$this->prune_runs();
	}

	/**
	 * Says of a run that nobody knows how it ended: 'running' makes the next run look for what it sent; 'interrupted' is
	 * for one whose place another run has taken, which looked for it already.
	 *
	 * @param int    $run_id The run.
	 * @param string $status running or interrupted.
	 * @return void
	 * @throws Store_Exception When it could not be noted.
	 */
	public function leave_run( int $run_id, string $status ): void {
		Database::write( 'UPDATE ' . Database::table( 'runs' ) . " SET finished_at = 0, status = %s, code = '' WHERE id = %d", array( $status, $run_id ) );
	}

	/**
	 * Keeps a report, its state and its domains: all of it, or nothing, and only for the one who holds the lock.
	 *
	 * @param string             $token   The lock's.
	 * @param int                $run_id  The run.
	 * @param array              $report  As the extension returned it.
	 * @param list<string>       $wanted  Names that were mapped when the list was read.
	 * @param array<string, int> $removed removed() as it was before that.
	 * @param array              $decided names( 'release' ) and names( 'remove' ), by these words, as they were sent.
	 * @param callable           $more    Further writes that belong to it.
	 * @return array<string, array{before: ?array, after: ?array}> Domains whose entry changed.
	 * @throws Store_Exception When it could not be kept, or somebody else holds the lock.
	 */
	public function save_report( string $token, int $run_id, array $report, array $wanted, array $removed, array $decided, callable $more ): array {
		return Database::transaction(
			function () use ( $token, $run_id, $report, $wanted, $removed, $decided, $more ) {
				if ( ! Lock::keep( $token ) ) {
					throw new Store_Exception( 'The lock was taken over while the run went on.' );
				}

				if ( isset( $report['state'] ) ) {
					$this->put( 'state', $this->number( 'state' ) + 1, self::encode( $report['state'] ) );
				}

				$changed = $this->save_domains( $this->with_earlier_verdicts( $report ) );

				$this->forget( 'unread' );
				$this->forget_removed( $removed, $report['aliases']['observed'] ?? null, $wanted );
				$this->forget_decided( $decided, $report, $wanted );
				$this->finish_run( $run_id, $report );
				$more();

				return $changed;
			}
		);
	}

	/**
	 * Keeps of a report of another version what must not be lost: the engine's memory, which is the engine's alone to read.
	 *
	 * @param string     $token     The lock's.
	 * @param int        $run_id    The run.
	 * @param int        $report    The report's version; 0 when it names none.
	 * @param string     $extension Version of the extension that gave it.
	 * @param array|null $state     The engine's memory, when the report holds one.
	 * @param array      $error     Error of an outcome.
	 * @param callable   $more      Further writes that belong to it.
	 * @return void
	 * @throws Store_Exception When it could not be kept, or somebody else holds the lock.
	 */
	public function save_unread( string $token, int $run_id, int $report, string $extension, ?array $state, array $error, callable $more ): void {
		Database::transaction(
			function () use ( $token, $run_id, $report, $extension, $state, $error, $more ): void {
				if ( ! Lock::keep( $token ) ) {
					throw new Store_Exception( 'The lock was taken over while the run went on.' );
				}

				if ( $state ) {
					$this->put( 'state', $this->number( 'state' ) + 1, self::encode( $state ) );
				}

				$this->put( 'unread', $report, $extension );
				$this->fail_run( $run_id, 'failed', $error );
				$more();
			}
		);
	}

	/**
	 * The last report (version 1) with all its domains, without `state`.
	 *
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function last_report(): ?array {
		$report = $this->stored_report();

		if ( null === $report ) {
			return null;
		}

		$report['domains'] = array();

		foreach ( Database::rows( 'SELECT domain, value FROM ' . Database::table( 'domains' ) . ' ORDER BY HEX(domain)' ) as $row ) {
			$report['domains'][ $row['domain'] ] = json_decode( (string) $row['value'], true );
		}

		return $report;
	}

	/**
	 * The last report without its domains: cheap, also with ten thousand of them. Instead of them, `domain_counts` is
	 * array{total: int, by_verdict: array<string, int>, by_certificate: array<string, int>, by_alias: array<string, int>}.
	 *
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function last_summary(): ?array {
		$report = $this->stored_report();

		if ( null === $report ) {
			return null;
		}

		$table  = Database::table( 'domains' );
		$counts = array( 'total' => (int) Database::row( "SELECT COUNT(*) AS n FROM {$table}" )['n'] );

		foreach ( array( 'verdict', 'certificate', 'alias' ) as $column ) {
			$counts[ "by_{$column}" ] = array_map(
				'intval',
				array_column( Database::rows( "SELECT {$column} AS word, COUNT(*) AS n FROM {$table} WHERE {$column} <> '' GROUP BY {$column} ORDER BY {$column}" ), 'n', 'word' )
			);
		}

		$report['domains']       = array();
		$report['domain_counts'] = $counts;

		return $report;
	}

	/**
	 * The operation at Cloudways that the last report speaks of.
	 *
	 * @return array|null `operation` of the report.
	 * @throws Store_Exception When it could not be read.
	 */
	public function operation(): ?array {
		$operation = $this->stored_report()['operation'] ?? null;

		return is_array( $operation ) ? $operation : null;
	}

	/**
	 * The newest run.
	 *
	 * @return array{id: int, started_at: int, finished_at: ?int, trigger: string, context: string, status: string, code: ?string, message: ?string, remedy: ?string, details: array, added: int, removed: int}|null
	 *         status: running, the report's status (ok, pending, partial, changes_pending), failed, refused, interrupted;
	 *         details: those of the error, as the engine gave them
	 * @throws Store_Exception When it could not be read.
	 */
	public function last_run(): ?array {
		return $this->runs( 1 )[0] ?? null;
	}

	/**
	 * The run that the last report is of, shaped as last_run().
	 *
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function reported_run(): ?array {
		return $this->select_runs( 'WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1' )[0] ?? null;
	}

	/**
	 * Runs with an error since the last good one, newest first, shaped as last_run().
	 *
	 * @return list<array>
	 * @throws Store_Exception When they could not be read.
	 */
	public function errors_since_good(): array {
		$good = 'SELECT MAX(id) FROM ' . Database::table( 'runs' ) . " WHERE code = '' AND status IN ('ok', 'pending', 'partial', 'changes_pending')";

		return $this->select_runs( "WHERE code <> '' AND id > COALESCE(({$good}), 0) ORDER BY id DESC" );
	}

	/**
	 * Newest first, shaped as last_run().
	 *
	 * @param int $limit How many.
	 * @return list<array>
	 * @throws Store_Exception When they could not be read.
	 */
	public function runs( int $limit = 20 ): array {
		return $this->select_runs( 'ORDER BY id DESC LIMIT %d', array( $limit ) );
	}

	/**
	 * Runs, shaped as last_run().
	 *
	 * @param string $which What comes after FROM.
	 * @param array  $args  Values in it.
	 * @return list<array>
	 * @throws Store_Exception When they could not be read.
	 */
	private function select_runs( string $which, array $args = array() ): array {
		$rows = Database::rows(
			'SELECT id, started_at, finished_at, cause, context, status, code, message, remedy, details, added, removed FROM ' . Database::table( 'runs' ) . ' ' . $which,
			$args
		);

		return array_map(
			static fn( array $row ): array => array(
				'id'          => (int) $row['id'],
				'started_at'  => (int) $row['started_at'],
				'finished_at' => (int) $row['finished_at'] ? (int) $row['finished_at'] : null,
				'trigger'     => $row['cause'],
				'context'     => $row['context'],
				'status'      => $row['status'],
				'code'        => '' === $row['code'] ? null : $row['code'],
				'message'     => $row['message'],
				'remedy'      => $row['remedy'],
				'details'     => (array) json_decode( (string) $row['details'], true ),
				'added'       => (int) $row['added'],
				'removed'     => (int) $row['removed'],
			),
			$rows
		);
	}

	/**
	 * The last report's entry for a domain.
	 *
	 * @param string $name Name.
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function domain( string $name ): ?array {
		$entries = $this->entries( array( $name ) );

		return $entries ? reset( $entries ) : null;
	}

	/**
	 * The last report's entries for some domains, in one read.
	 *
	 * @param list<string> $names Names.
	 * @return array<string, array> Name => entry, for those that it has.
	 * @throws Store_Exception When they could not be read.
	 */
	public function entries( array $names ): array {
		$entries = array();
		$ids     = array_map( static fn( $name ): string => md5( self::column( strtolower( (string) $name ) ) ), $names );

		foreach ( array_chunk( array_values( array_unique( $ids ) ), 500 ) as $chunk ) {
			foreach ( Database::rows( 'SELECT domain, value FROM ' . Database::table( 'domains' ) . ' WHERE id IN (' . implode( ', ', array_fill( 0, count( $chunk ), '%s' ) ) . ')', $chunk ) as $row ) {
				$entries[ $row['domain'] ] = (array) json_decode( (string) $row['value'], true );
			}
		}

		return $entries;
	}

	/**
	 * The last report's entries for a domain, and for the `www` that it brings along. A `www` that is mapped by itself is
	 * another domain.
	 *
	 * @param string $name Domain, in lower case.
	 * @return array<string, array> Name => entry, the domain first.
	 * @throws Store_Exception When they could not be read.
	 */
	public function domain_with_www( string $name ): array {
		$www     = 'www.' . $name;
		$entries = $this->entries( array( $name, $www ) );
		$both    = isset( $entries[ $name ] ) ? array( $name => $entries[ $name ] ) : array();

		if ( 'www' === ( $entries[ $www ]['source'] ?? '' ) ) {
			$both[ $www ] = $entries[ $www ];
		}

		return $both;
	}

	/**
	 * Public addresses of the server at Cloudways, without reading the whole report for them.
	 *
	 * @return list<string> IPv4 first.
	 * @throws Store_Exception When they could not be read.
	 */
	public function addresses(): array {
		$addresses = json_decode( (string) $this->value( 'addresses' ), true );

		return array_values( array_filter( is_array( $addresses ) ? $addresses : array(), 'is_string' ) );
	}

	/**
	 * Keeps the addresses of a report. None are none said, and change nothing.
	 *
	 * @param list<string> $addresses As the report has them.
	 * @return void
	 * @throws Store_Exception When they could not be kept.
	 */
	public function keep_addresses( array $addresses ): void {
		$four = array_filter( $addresses, static fn( $address ): bool => false !== filter_var( $address, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4 ) );
		$six  = array_filter( $addresses, static fn( $address ): bool => false !== filter_var( $address, FILTER_VALIDATE_IP, FILTER_FLAG_IPV6 ) );
		$kept = array_merge( array_values( $four ), array_values( $six ) );

		if ( $kept && $kept !== $this->addresses() ) {
			$this->put( 'addresses', time(), self::encode( $kept ) );
		}
	}

	/**
	 * Takes what DNS said of some domains into their entries, until the next run says more.
	 *
	 * @param array<string, array> $answers Name => answer of wu_cloudways_check_dns().
	 * @return array<string, array{before: array, after: array}> Entries whose verdict changed.
	 * @throws Store_Exception When it could not be kept.
	 */
	public function note_verdicts( array $answers ): array {
		return Database::transaction(
			function () use ( $answers ): array {
				$changed = array();
				$entries = $this->entries( array_keys( $answers ) );

				foreach ( $answers as $name => $answer ) {
					$before = $entries[ $name ] ?? null;

					// A name that the report did not ask for has no verdict there, and gets none.
					if ( null === $before || ! is_array( $before['dns'] ?? null ) ) {
						continue;
					}

					$after        = $before;
					$after['dns'] = array( 'verdict' => (string) $answer['verdict'] );

					if ( 'here' !== $answer['verdict'] ) {
						$after['dns']['addresses'] = (array) $answer['addresses'];
						$after['dns']['cname']     = array_filter( array( $answer['cname'] ?? null ) );
					}

					// A note about something else than DNS stays.
					if ( ! isset( $before['note'] ) || self::is_about_dns( $before['note'] ) ) {
						unset( $after['note'] );

						if ( null !== ( $answer['note'] ?? null ) ) {
							$after['note'] = $answer['note'];
						}
					}

					$json = self::encode( $after );

					if ( $json === self::encode( $before ) ) {
						continue;
					}

					Database::write(
						'UPDATE ' . Database::table( 'domains' ) . ' SET verdict = %s, hash = %s, value = %s WHERE id = %s',
						array( self::word( $after['dns']['verdict'] ), md5( $json ), $json, md5( self::column( strtolower( (string) $name ) ) ) )
					);

					if ( ( $before['dns']['verdict'] ?? '' ) !== $after['dns']['verdict'] ) {
						$changed[ $name ] = compact( 'before', 'after' );
					}
				}

				return $changed;
			}
		);
	}

	/**
	 * A page of the last report's domains. Names are ordered byte by byte, whatever the database's own order is.
	 *
	 * @param array{search?: string, verdict?: string, alias?: string, certificate?: string, after?: string, orderby?: string, order?: string, page?: int, per_page?: int} $args
	 *        search: part of a name; verdict: here, elsewhere, proxied, missing, unknown, not_asked; after: only names that come after this
	 *        one;
	 *        orderby: domain (default), verdict, alias or certificate, then by name; order: asc (default) or desc.
	 * @return array{items: array<string, array>, total: int} Name => the report's entry for it.
	 * @throws Store_Exception When they could not be read.
	 */
	public function domains( array $args = array() ): array {
		global $wpdb;

		$where  = array( '1 = 1' );
		$values = array();

		if ( '' !== (string) ( $args['search'] ?? '' ) ) {
			$where[]  = 'domain LIKE %s';
			$values[] = '%' . $wpdb->esc_like( strtolower( (string) $args['search'] ) ) . '%';
		}

		foreach ( array( 'verdict', 'alias', 'certificate' ) as $column ) {
			if ( '' !== (string) ( $args[ $column ] ?? '' ) ) {
				$where[]  = "{$column} = %s";
				$values[] = (string) $args[ $column ];
			}
		}

		if ( '' !== (string) ( $args['after'] ?? '' ) ) {
			$where[]  = 'HEX(domain) > %s';
			$values[] = strtoupper( bin2hex( self::column( strtolower( (string) $args['after'] ) ) ) );
		}

		$order    = 'desc' === strtolower( (string) ( $args['order'] ?? '' ) ) ? 'DESC' : 'ASC';
		$column   = (string) ( $args['orderby'] ?? '' );
		$by       = in_array( $column, array( 'verdict', 'alias', 'certificate' ), true ) ? "{$column} {$order}, HEX(domain)" : "HEX(domain) {$order}";
		$from     = Database::table( 'domains' ) . ' WHERE ' . implode( ' AND ', $where );
		$per_page = max( 1, (int) ( $args['per_page'] ?? 50 ) );
		$offset   = $per_page * ( max( 1, (int) ( $args['page'] ?? 1 ) ) - 1 );
		$items    = array();

		foreach ( Database::rows( "SELECT domain, value FROM {$from} ORDER BY {$by} LIMIT %d OFFSET %d", array_merge( $values, array( $per_page, $offset ) ) ) as $row ) {
			$items[ $row['domain'] ] = json_decode( (string) $row['value'], true );
		}

		return array(
			'items' => $items,
			'total' => (int) Database::row( "SELECT COUNT(*) AS n FROM {$from}", $values )['n'],
		);
	}

	/**
	 * A row that is to be updated must be there.
	 *
	 * @param string $name Name.
	 * @return void
	 * @throws Store_Exception When it could not be made.
	 */
	private function put_missing( string $name ): void {
		Database::write( 'INSERT IGNORE INTO ' . Database::table( 'memory' ) . ' (name, number) VALUES (%s, 0)', array( $name ) );
	}

	/**
	 * The report's domains. A run that only waits for an operation asks DNS nothing: what an earlier one was told stays.
	 *
	 * @param array $report The report.
	 * @return array<string, array>
	 * @throws Store_Exception When the earlier ones could not be read.
	 */
	private function with_earlier_verdicts( array $report ): array {
		$domains = (array) ( $report['domains'] ?? array() );

		if ( empty( $report['operation'] ) ) {
			return $domains;
		}

		foreach ( Database::rows( 'SELECT domain, value FROM ' . Database::table( 'domains' ) . " WHERE verdict NOT IN ('', 'not_asked')" ) as $row ) {
			if ( 'not_asked' !== ( $domains[ $row['domain'] ]['dns']['verdict'] ?? '' ) ) {
				continue;
			}

			$earlier = (array) json_decode( (string) $row['value'], true );
			$entry   = &$domains[ $row['domain'] ];

			$entry['dns'] = $earlier['dns'];

			if ( ! isset( $entry['note'] ) && self::is_about_dns( $earlier['note'] ?? array() ) ) {
				$entry['note'] = $earlier['note'];
			}

			unset( $entry );
		}

		return $domains;
	}

	/**
	 * Makes the domains table equal to the report, with writes for the difference only.
	 *
	 * @param array<string, array> $domains The report's.
	 * @return array<string, array{before: ?array, after: ?array}> What changed.
	 * @throws Store_Exception When it could not be kept.
	 */
	private function save_domains( array $domains ): array {
		$table   = Database::table( 'domains' );
		$known   = array_column( Database::rows( "SELECT id, domain, hash FROM {$table}" ), null, 'id' );
		$gone    = $known;
		$changed = array();
		$fresh   = array();

		foreach ( $domains as $name => $entry ) {
			$name = self::column( (string) $name );
			$id   = md5( $name );
			$json = self::encode( $entry );
			$hash = md5( $json );

			unset( $gone[ $id ] );

			if ( ( $known[ $id ]['hash'] ?? '' ) !== $hash ) {
				$changed[ $name ] = array(
					'before' => null,
					'after'  => $entry,
				);
				$fresh[ $id ]     = array( $id, $name, self::word( $entry['dns']['verdict'] ?? '' ), self::word( $entry['alias'] ?? '' ), self::word( $entry['certificate'] ?? '' ), $hash, $json );
			}
		}

		foreach ( $gone as $row ) {
			$changed[ $row['domain'] ] = array(
				'before' => null,
				'after'  => null,
			);
		}

		$old = array_values( array_intersect( array_keys( $known ), array_merge( array_keys( $fresh ), array_keys( $gone ) ) ) );

		foreach ( array_chunk( $old, 500 ) as $ids ) {
			$in = implode( ', ', array_fill( 0, count( $ids ), '%s' ) );

			foreach ( Database::rows( "SELECT domain, value FROM {$table} WHERE id IN ({$in})", $ids ) as $row ) {
				$changed[ $row['domain'] ]['before'] = json_decode( (string) $row['value'], true );
			}

			Database::write( "DELETE FROM {$table} WHERE id IN ({$in})", $ids );
		}

		foreach ( self::slices( $fresh ) as $slice ) {
			Database::write(
				"INSERT INTO {$table} (id, domain, verdict, alias, certificate, hash, value) VALUES "
					. implode( ', ', array_fill( 0, count( $slice ), '(%s, %s, %s, %s, %s, %s, %s)' ) ),
				array_merge( ...$slice )
			);
		}

		return $changed;
	}

	/**
	 * Forgets names that are gone at Cloudways, or wanted again; not those that were marked since they were read.
	 *
	 * @param array<string, int> $removed  removed() as it was before the list was read.
	 * @param list<string>|null  $observed Aliases at Cloudways; null when they were not read.
	 * @param list<string>       $wanted   Mapped names.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private function forget_removed( array $removed, ?array $observed, array $wanted ): void {
		$wanted = array_fill_keys( array_map( 'strtolower', $wanted ), true );
		$there  = array_fill_keys( self::as_names( (array) $observed ), true );

		foreach ( $removed as $name => $mark ) {
			$gone = null !== $observed && ! isset( $there[ $name ] ) && ! isset( $there[ 'www.' . $name ] );

			if ( $gone || isset( $wanted[ $name ] ) ) {
				Database::write( 'DELETE FROM ' . Database::table( 'removed' ) . ' WHERE id = %s AND marked = %d', array( md5( (string) $name ), $mark ) );
			}
		}
	}

	/**
	 * Forgets decisions that came into effect. A dry run brings none into effect.
	 *
	 * @param array{release: list<string>, remove: list<string>} $decided As they were sent.
	 * @param array                                              $report  The report.
	 * @param list<string>                                       $wanted  Names that are kept.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private function forget_decided( array $decided, array $report, array $wanted ): void {
		if ( in_array( 'dry_run', array_column( (array) ( $report['warnings'] ?? array() ), 'code' ), true ) ) {
			return;
		}

		$there = self::as_names( (array) ( $report['aliases']['observed'] ?? array() ) );

		// Released is what the engine's memory, which was kept with this report, holds no longer. What is mapped by now is
		// not to be removed, nor later when its mapping is lost.
		foreach ( array(
			'release' => $decided['release'],
			'remove'  => array_diff( $decided['remove'], array_diff( $there, array_map( 'strtolower', $wanted ) ) ),
		) as $which => $names ) {
			if ( $names ) {
				$this->change_names( $which, array(), $names );
			}
		}
	}

	/**
	 * Notes the end of a run that has a report, and closes those before it that had none.
	 *
	 * @param int   $run_id The run.
	 * @param array $report The report.
	 * @return void
	 * @throws Store_Exception When it could not be noted.
	 */
	private function finish_run( int $run_id, array $report ): void {
		$table = Database::table( 'runs' );
		$short = $report;

		unset( $short['domains'], $short['state'] );

		Database::write(
			"UPDATE {$table} SET finished_at = %d, status = %s, code = %s, message = %s, remedy = %s, details = %s, added = %d, removed = %d, report = %s WHERE id = %d",
			array(
				time(),
				self::word( $report['status'] ?? '' ),
				self::word( $report['error']['code'] ?? '', 64 ),
				self::text( (string) ( $report['error']['message'] ?? '' ) ),
				self::text( (string) ( $report['error']['remedy'] ?? '' ) ),
				self::details( (array) ( $report['error'] ?? array() ) ),
				count( (array) ( $report['aliases']['added'] ?? array() ) ),
				count( (array) ( $report['aliases']['removed'] ?? array() ) ),
				self::encode( $short ),
				$run_id,
			)
		);
		Database::write( "UPDATE {$table} SET report = NULL WHERE id <> %d AND report IS NOT NULL", array( $run_id ) );
		Database::write( "UPDATE {$table} SET status = 'interrupted' WHERE id < %d AND status = 'running'", array( $run_id ) );
		$this->prune_runs();
	}

	/**
	 * Keeps the last twenty, and the one with the report.
	 *
	 * @return void
	 * @throws Store_Exception When it could not be done.
	 */
	private function prune_runs(): void {
		$table = Database::table( 'runs' );
		$last  = Database::row( "SELECT id FROM {$table} ORDER BY id DESC LIMIT 1 OFFSET %d", array( self::KEPT_RUNS ) );

		if ( null !== $last ) {
			Database::write( "DELETE FROM {$table} WHERE id <= %d AND report IS NULL AND status <> 'running'", array( (int) $last['id'] ) );
		}
	}

	/**
	 * The last report as it is stored: without domains and state.
	 *
	 * @return array|null
	 * @throws Store_Exception When it could not be read.
	 */
	public function stored_report(): ?array {
		$row    = Database::row( 'SELECT report FROM ' . Database::table( 'runs' ) . ' WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1' );
		$report = json_decode( (string) ( $row['report'] ?? '' ), true );

		// A newer plugin kept it, and was taken back since.
		return is_array( $report ) && Plugin::REPORT === ( $report['version'] ?? Plugin::REPORT ) ? $report : null;
	}

	/**
	 * Rows in slices that fit into one statement.
	 *
	 * @param array<list<string>> $rows Rows.
	 * @return iterable<list<list<string>>>
	 */
	private static function slices( array $rows ): iterable {
		$slice = array();
		$bytes = 0;

		foreach ( $rows as $row ) {
			$size = array_sum( array_map( 'strlen', $row ) );

			if ( $slice && ( $bytes + $size > self::SLICE || count( $slice ) >= 500 ) ) {
				yield $slice;

				$slice = array();
				$bytes = 0;
			}

			$slice[] = $row;
			$bytes  += $size;
		}

		if ( $slice ) {
			yield $slice;
		}
	}

	/**
	 * JSON that a utf8 column takes.
	 *
	 * @param mixed $value What to keep.
	 * @return string
	 * @throws Store_Exception When it cannot be written as JSON.
	 */
	private static function encode( $value ): string {
		$json = wp_json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION );

		if ( false === $json ) {
			throw new Store_Exception( 'The report cannot be written as JSON.' );
		}

		return $json;
	}

	/**
	 * A word of the engine as its column holds it. A newer extension may have longer ones; the whole one is in the report.
	 *
	 * @param mixed $word  Word.
	 * @param int   $limit Characters.
	 * @return string
	 */
	private static function word( $word, int $limit = 20 ): string {
		return is_scalar( $word ) ? mb_substr( mb_scrub( (string) $word, 'UTF-8' ), 0, $limit, 'UTF-8' ) : '';
	}

	/**
	 * A text that a utf8 column takes.
	 *
	 * @param string $text Text.
	 * @return string
	 */
	private static function text( string $text ): string {
		return mb_substr( mb_scrub( $text, 'UTF-8' ), 0, 2000, 'UTF-8' );
	}

	/**
	 * The details of an error, for translation: names, numbers and what the API answered, never a secret.
	 *
	 * @param array{details?: array} $error Error of an outcome or of a report.
	 * @return string JSON; empty when there are none, or more than the column takes.
	 * @throws Store_Exception When they cannot be written as JSON.
	 */
	private static function details( array $error ): string {
		$json = empty( $error['details'] ) ? '' : self::encode( $error['details'] );

		return strlen( $json ) > 60000 ? '' : $json;
	}

	/**
	 * Aliases as names that can be compared, however Cloudways spells them.
	 *
	 * @param list<string> $aliases Aliases.
	 * @return list<string>
	 */
	private static function as_names( array $aliases ): array {
		return array_map( static fn( $alias ): string => rtrim( strtolower( (string) $alias ), '.' ), $aliases );
	}

	/**
	 * A note says what DNS says.
	 *
	 * @param array{code?: string} $note Note.
	 * @return bool
	 */
	private static function is_about_dns( array $note ): bool {
		return 1 === preg_match( '/^(dns_|caa_)/', (string) ( $note['code'] ?? '' ) );
	}

	/**
	 * A name as its column holds it: a mapped name can be anything, the longest one is cut.
	 *
	 * @param string $name Name.
	 * @return string
	 */
	private static function column( string $name ): string {
		return mb_substr( str_replace( "\0", '', mb_scrub( $name, 'UTF-8' ) ), 0, 255, 'UTF-8' );
	}
}
