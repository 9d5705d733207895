<?php
/**
 * E-mail to the network's administrator.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * One e-mail for each alarm (see Alarms) when it comes up, and another one a week later while it stands. An alarm that
 * was over and comes back is a new one.
 *
 * Plain text in the language of the main site, whoever's request sends it. It holds what the network page shows to the
 * same person, and nothing secret.
 */
final class Mail {

	/** Seconds between two e-mails about the same alarm. */
	const REMINDER = WEEK_IN_SECONDS;

	/** Names that are listed at most. */
	const NAMES = 10;

	/**
	 * Sends what is due, and forgets what is over.
	 *
	 * @return void
	 * @throws Store_Exception When the memory failed.
	 */
	public static function send_due(): void {
		$store = Plugin::instance()->store();

		foreach ( Alarms::solved() as $code ) {
			$store->forget( 'mail_' . $code );
		}

		foreach ( Alarms::standing() as $alarm ) {
			$row = 'mail_' . $alarm['code'];

			// Of several processes at once, one sends it.
			if ( ! $store->take_turn( $row, self::REMINDER ) ) {
				continue;
			}

			$sent = false;

			try {
				$sent = self::send( $alarm );
			} finally {
				// One that could not be handed over is tried again with the next run.
				if ( ! $sent ) {
					$store->forget( $row );
				}
			}
		}
	}

	/**
	 * Sends one.
	 *
	 * @param array $alarm See Alarms.
	 * @return bool It is done with: sent, or not wanted.
	 */
	private static function send( array $alarm ): bool {
		$plugin   = Plugin::instance();
		$language = self::language();
		$switched = switch_to_locale( $language );

		try {
			$plugin->load_textdomain();

			$mail = array(
				'to'      => (string) get_site_option( 'admin_email' ),
				'subject' => self::subject( $alarm ),
				'message' => self::message( $alarm ),
			);

			/**
			 * An e-mail about an alarm, before it is sent.
			 *
			 * @param array{to: string|list<string>, subject: string, message: string}|false $mail  False: none is sent.
			 * @param array                                                                  $alarm What it is about: code (failing, stuck or certificate), since, args.
			 */
			$mail = apply_filters( 'wu_cloudways_mail', $mail, $alarm );

			if ( ! is_array( $mail ) || empty( $mail['to'] ) ) {
				return true;
			}

			$sent = wp_mail( $mail['to'], (string) ( $mail['subject'] ?? '' ), (string) ( $mail['message'] ?? '' ) );
		} finally {
			if ( $switched ) {
				restore_previous_locale();
				$plugin->load_textdomain();
			}
		}

		$plugin->log()->mail( $alarm['code'], $sent );

		return $sent;
	}

	/**
	 * The subject.
	 *
	 * @param array $alarm See Alarms.
	 */
	private static function subject( array $alarm ): string {
		switch ( $alarm['code'] ) {
			case 'certificate':
				$text = $alarm['since'] > time()
					/* translators: %s: a date. */
					? sprintf( __( 'The certificate ends on %s', 'wu-cloudways' ), wp_date( get_option( 'date_format' ), $alarm['since'] ) )
					: __( 'The certificate has ended', 'wu-cloudways' );
				break;
			case 'stuck':
				$text = __( 'The synchronisation with Cloudways does not run', 'wu-cloudways' );
				break;
			default:
				$text = __( 'The synchronisation with Cloudways fails', 'wu-cloudways' );
		}

		// As WordPress begins its own: the name of the network, for whoever looks after several.
		return '[' . wp_specialchars_decode( get_network()->site_name, ENT_QUOTES ) . '] ' . $text;
	}

	/**
	 * The text.
	 *
	 * @param array $alarm See Alarms.
	 */
	private static function message( array $alarm ): string {
		$words = Alarms::words( $alarm );
		$parts = array(
			/* translators: %s: the domain of the network. */
			sprintf( __( 'This is about the network %s and the Cloudways application it runs on.', 'wu-cloudways' ), untrailingslashit( get_network()->domain . get_network()->path ) ),
			$words['text'],
		);

		foreach ( $words['items'] as $item ) {
			$parts[] = '- ' . $item;
		}

		if ( 'certificate' === $alarm['code'] && $alarm['args']['names'] ) {
			/* translators: %s: how many domains, and the first of them in parentheses. */
			$parts[] = sprintf( __( 'Domains in it: %s', 'wu-cloudways' ), Messages::number_and_names( $alarm['args']['names'] ) );
		}

		if ( '' !== $words['remedy'] ) {
			$parts[] = __( 'What to do:', 'wu-cloudways' ) . "\n" . $words['remedy'] . ( '' === $words['code'] ? '' : "\n\n" . $words['code'] );
		}

		/* translators: %s: an address. */
		$parts[] = sprintf( __( 'How things stand now: %s', 'wu-cloudways' ), self::page() );
		$parts[] = __( 'This e-mail is sent once, and again in a week if nothing has changed by then.', 'wu-cloudways' );

		return implode( "\n\n", $parts ) . "\n";
	}

	/** The page in the network admin. Its own address depends on the menu, which is there in the admin only. */
	private static function page(): string {
		return add_query_arg( 'page', Network_Page::SLUG, network_admin_url( Plugin::instance()->environment()->um_loaded() ? 'admin.php' : 'settings.php' ) );
	}

	/** The language of the main site: that of the person whose request this is may be another one. */
	private static function language(): string {
		$language = get_blog_option( get_main_site_id(), 'WPLANG', false );
		$language = false === $language ? get_site_option( 'WPLANG', '' ) : $language;

		return '' === (string) $language ? 'en_US' : (string) $language;
	}
}
