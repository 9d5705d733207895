<?php
/**
 * What somebody should know although nobody looks.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Three things are told by themselves, in a notice and by e-mail: runs have failed for a day, none has begun for a day,
 * or the certificate is near its end. Each is told from what is stored, without a request.
 *
 * An alarm is
 *
 *     array{code: 'failing'|'stuck'|'certificate', since: int, args: array}
 *
 *     failing      since: the first of the failures; args: the newest error, as an outcome's
 *     stuck        since: when the run was due that nobody began; args: web: ?bool, cli: ?bool (where the extension is)
 *     certificate  since: its end; args: names: list<string>, type: string, note: ?array, seen: int (when it was looked at)
 *
 * Nothing is an alarm while nothing may be sent anyway: paused, switched off, or a copy of the site.
 */
final class Alarms {

	/** Problems of Environment that keep a run from beginning. */
	const KEEP_FROM_BEGINNING = array( 'extension_missing', 'extension_old', 'extension_partial', 'extension_new', 'plugin_old', 'credential_unreadable' );

	/** Seconds that runs may fail, or not begin: what passes by itself has passed by then. */
	const PATIENCE = DAY_IN_SECONDS;

	/** Seconds before a certificate's end. Cloudways renews thirty days before. */
	const NEAR = 14 * DAY_IN_SECONDS;

	/** Seconds that a report says something about the certificate: Cloudways renews it without us. */
	const FRESH = 2 * DAY_IN_SECONDS;

	/**
	 * A run has a report. With an error in it, it failed after its first write.
	 *
	 * @param array $report The report.
	 * @return void
	 */
	public static function on_reported( $report ): void {
		self::guarded(
			static function ( Store $store ) use ( $report ): void {
				if ( empty( $report['error'] ) ) {
					$store->forget( 'failing' );
				} else {
					self::note( $store, (array) $report['error'] );
				}

				self::tell_later();
			}
		);
	}

	/**
	 * A run failed before it wrote anything.
	 *
	 * @param array $error Error of an outcome.
	 * @return void
	 */
	public static function on_failed( $error ): void {
		self::guarded(
			static function ( Store $store ) use ( $error ): void {
				// That the plan was another one by then was said to the person who applied it.
				if ( 'other_fingerprint' !== ( $error['details']['reason'] ?? '' ) ) {
					self::note( $store, (array) $error );
				}

				self::tell_later();
			}
		);
	}

	/**
	 * The clock rang, and the run that it started is over. What kept it from beginning has no event of its own.
	 *
	 * @return void
	 */
	public static function on_clock(): void {
		self::guarded(
			static function ( Store $store ): void {
				// Before the first good run Ultimate Multisite's own module does the work where the extension is missing.
				if ( null !== $store->number( 'good' ) ) {
					foreach ( Plugin::instance()->environment()->problems() as $problem ) {
						if ( 'error' === $problem['severity'] && in_array( $problem['code'], self::KEEP_FROM_BEGINNING, true ) ) {
							self::note(
								$store,
								array(
									'code'    => $problem['code'],
									'details' => $problem['args'],
								)
							);
						}
					}
				}

				self::tell_later();
			}
		);
	}

	/**
	 * E-mails go when everything else is done: a mail server that takes its time must not hold the lock, or a job.
	 *
	 * @return void
	 */
	private static function tell_later(): void {
		if ( did_action( 'shutdown' ) ) {
			self::tell();
		} else {
			// The same callback twice is one.
			add_action( 'shutdown', array( self::class, 'tell' ), 10, 0 );
		}
	}

	/**
	 * Sends the e-mails that are due.
	 *
	 * @return void
	 */
	public static function tell(): void {
		self::guarded(
			static function (): void {
				Mail::send_due();
			}
		);
	}

	/**
	 * What stands.
	 *
	 * @return list<array> See the class.
	 * @throws Store_Exception When it could not be read.
	 */
	public static function standing(): array {
		if ( ! self::may_send() ) {
			return array();
		}

		$certificate = self::certificate();

		return array_values( array_filter( array( self::failing(), self::stuck(), true === ( $certificate['near'] ?? null ) ? $certificate['alarm'] : null ) ) );
	}

	/**
	 * Which of them are over for certain. A certificate that nobody looked at for days is neither near its end nor far
	 * from it.
	 *
	 * @return list<string> Codes.
	 * @throws Store_Exception When it could not be read.
	 */
	public static function solved(): array {
		$solved = array();

		if ( null === Plugin::instance()->store()->number( 'failing' ) ) {
			$solved[] = 'failing';
		}

		if ( null === self::stuck() ) {
			$solved[] = 'stuck';
		}

		if ( false === ( self::certificate()['near'] ?? null ) ) {
			$solved[] = 'certificate';
		}

		return $solved;
	}

	/**
	 * Nobody runs from now on, and that is no failure.
	 *
	 * @return void
	 * @throws Store_Exception When the memory failed.
	 */
	public static function forget(): void {
		foreach ( array( 'failing', 'mail_failing', 'mail_stuck', 'mail_certificate' ) as $row ) {
			Plugin::instance()->store()->forget( $row );
		}
	}

	/**
	 * An alarm in words.
	 *
	 * @param array $alarm See the class.
	 * @return array{text: string, remedy: string, items: list<string>, code: string} items: one line for each constant
	 *         that is wrong; code: a line to copy as it is, or nothing.
	 */
	public static function words( array $alarm ): array {
		$args  = $alarm['args'];
		$when  = Messages::time_and_distance( $alarm['since'] );
		$words = array(
			'text'   => '',
			'remedy' => '',
			'items'  => array(),
			'code'   => '',
		);

		switch ( $alarm['code'] ) {
			case 'failing':
				$problem = in_array( $args['code'], self::KEEP_FROM_BEGINNING, true );
				$error   = $problem ? Messages::problem(
					array(
						'code' => $args['code'],
						'args' => (array) ( $args['details'] ?? array() ),
					)
				) : Messages::error( $args );

				/* translators: 1: a time, and how long ago that is, 2: the reason, in sentences of its own. */
				$words['text']   = sprintf( __( 'No run has succeeded since %1$s. %2$s', 'wu-cloudways' ), $when, $error['text'] );
				$words['remedy'] = $error['remedy'];
				$words['items']  = $error['items'] ?? array();

				if ( ! empty( $error['steps'] ) ) {
					$words['remedy'] = __( 'The Cloudways page says how to load it, step by step.', 'wu-cloudways' );
				}
				break;
			case 'stuck':
				/* translators: %s: a time, and how long ago that is. */
				$words['text']   = sprintf( __( 'A run has been due since %s, and none has begun.', 'wu-cloudways' ), $when );
				$words['remedy'] = true === $args['web'] || true !== $args['cli']
					? __( 'The jobs of the main site are not run: without visits, or with WP-Cron switched off, a cron job of the application has to start them, with this line:', 'wu-cloudways' )
					: __( 'The extension is loaded on the command line only, so a cron job of the application has to do the work, with this line:', 'wu-cloudways' );
				$words['code']   = true === $args['web'] && true !== $args['cli'] ? Guide::visit_line() : Guide::cron_line();
				break;
			case 'certificate':
				$words['text'] = $alarm['since'] > time()
					/* translators: %s: a time, and how far away that is. */
					? sprintf( __( 'The certificate ends on %s, and was not renewed so far.', 'wu-cloudways' ), $when )
					/* translators: %s: a time, and how long ago that is. */
					: sprintf( __( 'The certificate ended on %s: browsers warn of the domains in it.', 'wu-cloudways' ), $when );

				if ( 'custom' === $args['type'] ) {
					$words['remedy'] = __( 'It is a certificate of your own: get a new one from whoever issued it, and install it at Cloudways, under SSL.', 'wu-cloudways' );
				} else {
					$note            = null === $args['note'] ? null : Messages::note( $args['note'] );
					$words['remedy'] = null === $note
						? __( 'Press “Sync now” on the Cloudways page and read what it says of the certificate; or renew it at Cloudways, under SSL.', 'wu-cloudways' )
						: trim( $note['text'] . ' ' . $note['remedy'] );
				}
				break;
		}

		return $words;
	}

	/**
	 * Runs fail, for a day or longer.
	 *
	 * @return array|null Alarm.
	 * @throws Store_Exception When it could not be read.
	 */
	private static function failing(): ?array {
		$store = Plugin::instance()->store();
		$since = $store->number( 'failing' );
		$error = json_decode( (string) $store->value( 'failing' ), true );

		return null === $since || $since > time() - self::PATIENCE || ! is_array( $error ) ? null : array(
			'code'  => 'failing',
			'since' => $since,
			'args'  => $error,
		);
	}

	/**
	 * A run is due, and nobody has begun it for a day.
	 *
	 * @return array|null Alarm.
	 * @throws Store_Exception When it could not be read.
	 */
	private static function stuck(): ?array {
		$pulse = Plugin::instance()->store()->pulse();

		return ! $pulse['due'] || max( $pulse['due'], $pulse['hold'] ) > time() - self::PATIENCE ? null : array(
			'code'  => 'stuck',
			'since' => $pulse['due'],
			'args'  => Plugin::instance()->environment()->where_loaded(),
		);
	}

	/**
	 * The certificate of the last report.
	 *
	 * @return array{near: bool, alarm: array}|null Null when its end is not known, or no longer.
	 * @throws Store_Exception When it could not be read.
	 */
	private static function certificate(): ?array {
		$store     = Plugin::instance()->store();
		$seen      = (int) ( $store->reported_run()['finished_at'] ?? 0 );
		$report    = $seen > time() - self::FRESH ? $store->stored_report() : null;
		$installed = $report['certificate']['installed'] ?? null;

		if ( empty( $installed['not_after'] ) ) {
			return null;
		}

		return array(
			'near'  => (int) $installed['not_after'] < time() + self::NEAR,
			'alarm' => array(
				'code'  => 'certificate',
				'since' => (int) $installed['not_after'],
				'args'  => array(
					'names' => (array) ( $installed['names'] ?? array() ),
					'type'  => (string) ( $installed['type'] ?? '' ),
					'note'  => $report['certificate']['note'] ?? null,
					'seen'  => $seen,
				),
			),
		);
	}

	/**
	 * Something may be sent at all.
	 *
	 * @return bool
	 * @throws Store_Exception When it could not be read.
	 */
	private static function may_send(): bool {
		$plugin = Plugin::instance();

		return $plugin->environment()->um_loaded()
			&& $plugin->environment()->integration_enabled()
			&& null === $plugin->store()->paused()
			&& ! $plugin->clone_guard()->is_clone();
	}

	/**
	 * Keeps the newest failure; the time stays that of the first.
	 *
	 * @param Store $store The memory.
	 * @param array $error Error of an outcome.
	 * @return void
	 * @throws Store_Exception When it could not be kept.
	 */
	private static function note( Store $store, array $error ): void {
		$kept = array_intersect_key( $error, array_flip( array( 'code', 'message', 'remedy', 'retry_after', 'details' ) ) );
		$json = (string) wp_json_encode( $kept, JSON_INVALID_UTF8_SUBSTITUTE );

		if ( strlen( $json ) > 60000 ) {
			unset( $kept['details'] );
			$json = (string) wp_json_encode( $kept, JSON_INVALID_UTF8_SUBSTITUTE );
		}

		$store->put( 'failing', $store->number( 'failing' ) ?? time(), $json );
	}

	/**
	 * Does something whose failure changes nothing about a run.
	 *
	 * @param callable $work What to do.
	 * @return void
	 */
	private static function guarded( callable $work ): void {
		try {
			$work( Plugin::instance()->store() );
		} catch ( \Throwable $error ) {
			Plugin::instance()->log()->trouble( $error );
		}
	}
}
