<?php
/**
 * What the page asks for while it is open.
 *
 * @package WU_Cloudways
 */

namespace WU_Cloudways;

defined( 'ABSPATH' ) || exit;

/**
 * Routes of the main site, for those who may manage the network:
 *
 *     GET  wu-cloudways/v1/status  Progress::now(), from the memory
 *     POST wu-cloudways/v1/dns     a batch of names is asked in DNS; see Dns_Check
 */
final class Rest {

	const ROUTES = 'wu-cloudways/v1';

	/** Registers the routes. */
	public static function register(): void {
		// The other sites of the network have nothing to do with it.
		if ( ! is_main_site() ) {
			return;
		}

		register_rest_route(
			self::ROUTES,
			'/status',
			array(
				'methods'             => \WP_REST_Server::READABLE,
				'callback'            => array( self::class, 'status' ),
				'permission_callback' => array( self::class, 'may' ),
				'show_in_index'       => false,
			)
		);

		$text  = array(
			'type'    => 'string',
			'default' => '',
		);
		$count = array(
			'type'    => 'integer',
			'minimum' => 0,
			'default' => 0,
		);

		register_rest_route(
			self::ROUTES,
			'/dns',
			array(
				'methods'             => \WP_REST_Server::CREATABLE,
				'callback'            => array( self::class, 'dns' ),
				'permission_callback' => array( self::class, 'may' ),
				'show_in_index'       => false,
				'args'                => array(
					'names'       => array(
						'type'     => 'array',
						'items'    => array( 'type' => 'string' ),
						'maxItems' => Dns_Check::BATCH,
					),
					'after'       => $text,
					'search'      => $text,
					'verdict'     => $text,
					'certificate' => $text,
					'checked'     => $count,
					'changed'     => $count,
					'right'       => $count,
				),
			)
		);
	}

	/** Whether somebody may ask. */
	public static function may(): bool {
		return current_user_can( Network_Page::CAPABILITY );
	}

	/**
	 * What goes on.
	 *
	 * @return array|\WP_Error
	 */
	public static function status() {
		return self::answer(
			static function (): array {
				$now = Progress::now();

				return $now + array( 'part' => Progress::part( $now ) );
			}
		);
	}

	/**
	 * A batch of names.
	 *
	 * @param \WP_REST_Request $request The request.
	 * @return array|\WP_Error
	 */
	public static function dns( \WP_REST_Request $request ) {
		return self::answer(
			static function () use ( $request ): array {
				$names  = $request['names'];
				$answer = is_array( $names )
					? Dns_Check::names( $names )
					: Dns_Check::batch( $request['after'], array_filter( array_intersect_key( $request->get_params(), array_flip( array( 'search', 'verdict', 'certificate' ) ) ), 'is_string' ) );

				foreach ( array( 'checked', 'changed', 'right' ) as $count ) {
					$answer[ $count ] += (int) $request[ $count ];
				}
				$answer['text'] = Dns_Check::text( $answer );

				if ( null !== $answer['error'] ) {
					$words           = Messages::error( $answer['error'] );
					$answer['error'] = array(
						'code' => $answer['error']['code'],
						'text' => trim( $words['text'] . ' ' . $words['remedy'] ),
					);
				}
				return $answer;
			}
		);
	}

	/**
	 * An answer, or that the memory gave none.
	 *
	 * @param callable $work Gives the answer.
	 * @return array|\WP_Error
	 */
	private static function answer( callable $work ) {
		// A request to the API is neither a page of the admin nor a job.
		Plugin::instance()->load_textdomain();

		try {
			return $work();
		} catch ( Store_Exception $failure ) {
			$words = Messages::error(
				array(
					'code'    => 'storage',
					'message' => $failure->getMessage(),
				)
			);
			return new \WP_Error( 'wu_cloudways_storage', trim( $words['text'] . ' ' . $words['remedy'] ), array( 'status' => 500 ) );
		}
	}
}
