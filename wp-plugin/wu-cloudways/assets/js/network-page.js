/*
 * The Cloudways page while it is open: what goes on is looked at every few seconds, and the parts of the page that
 * changed are replaced. Without this script the page is complete; it only does not move.
 */
( function () {
	'use strict';

	const settings = window.wuCloudways;
	const page = document.querySelector( '.wrap.wu-cloudways' );

	if ( ! settings || ! page || ! window.fetch ) {
		return;
	}

	const { routes, nonce, words } = settings;
	const find = ( name, inside = page ) => inside.querySelector( '[data-wu-cloudways="' + name + '"]' );
	const number = ( value ) => value.toLocaleString( document.documentElement.lang || undefined );

	// Every word that is said is another one, or a screen reader would not say it again.
	function say( text ) {
		const live = find( 'live' );
		if ( live && live.textContent !== text ) {
			live.textContent = text;
		}
	}

	async function ask( route, data, signal ) {
		const answer = await fetch( routes[ route ], {
			method: data ? 'POST' : 'GET',
			credentials: 'same-origin',
			cache: 'no-store',
			headers: Object.assign( { Accept: 'application/json', 'X-WP-Nonce': nonce }, data ? { 'Content-Type': 'application/json' } : {} ),
			body: data ? JSON.stringify( data ) : undefined,
			signal,
		} );
		const said = await answer.json().catch( () => null );
		if ( ! answer.ok || ! said ) {
			throw new Error( ( said && said.message ) || words.lost );
		}
		return said;
	}

	/* ---- Parts of the page ---- */

	const PARTS = [ '[data-wu-cloudways-part]', '#the-list', '.subsubsub', '.tablenav .displaying-num', '#wu-cloudways-domains' ];

	function same( element ) {
		const part = element.dataset.wuCloudwaysPart;
		return part ? '[data-wu-cloudways-part="' + part + '"]' : null;
	}

	// The element that has the focus, so that it can have it again after its part was replaced.
	function focused() {
		const element = document.activeElement;
		if ( ! element || ! page.contains( element ) ) {
			return null;
		}
		if ( element.id ) {
			return '#' + CSS.escape( element.id );
		}
		if ( element.dataset.wuCloudways ) {
			return '[data-wu-cloudways="' + element.dataset.wuCloudways + '"]' + ( element.value ? '[value="' + CSS.escape( element.value ) + '"]' : '' );
		}
		return null;
	}

	async function refresh() {
		const answer = await fetch( window.location.href.replace( /#.*/, '' ), { credentials: 'same-origin', cache: 'no-store' } );
		if ( ! answer.ok ) {
			throw new Error( words.lost );
		}
		const fresh = new DOMParser().parseFromString( await answer.text(), 'text/html' );
		const focus = focused();
		const ticked = Array.from( page.querySelectorAll( '#the-list input:checked' ), ( box ) => box.id );

		for ( const selector of PARTS ) {
			page.querySelectorAll( selector ).forEach( ( element, index ) => {
				const own = same( element );
				const other = own ? fresh.querySelector( own ) : fresh.querySelectorAll( selector )[ index ];
				if ( other && other.innerHTML !== element.innerHTML ) {
					element.innerHTML = other.innerHTML;
				}
			} );
		}
		ticked.forEach( ( id ) => {
			const box = document.getElementById( id );
			if ( box ) {
				box.checked = true;
			}
		} );
		if ( focus && ! page.contains( document.activeElement ) ) {
			const element = page.querySelector( focus );
			if ( element ) {
				element.focus( { preventScroll: true } );
			}
		}
	}

	/* ---- What goes on ---- */

	const progress = find( 'progress' );
	let stamp = progress ? progress.dataset.stamp : '';
	let looks = 0;
	let timer = 0;

	function show( now ) {
		progress.hidden = ! now.active;
		progress.dataset.phase = now.phase;
		find( 'progress-detail' ).textContent = now.detail;
		if ( find( 'progress-text' ).textContent !== now.text ) {
			find( 'progress-text' ).textContent = now.text;
			if ( now.text ) {
				say( now.text );
			}
		}
		const bar = find( 'progress-bar' );
		if ( null === now.part ) {
			bar.removeAttribute( 'value' );
		} else {
			bar.value = now.part;
		}
	}

	async function look() {
		timer = 0;
		if ( document.hidden ) {
			return;
		}
		let active = true;
		try {
			const now = await ask( 'status' );
			const changed = now.stamp !== stamp;
			active = now.active;
			stamp = now.stamp;
			if ( active ) {
				show( now );
			}
			if ( changed || ! active ) {
				await refresh();
			}
			// It is over when the page shows what came of it.
			if ( ! active ) {
				show( now );
				say( words.ended );
				looks = 0;
			}
		} catch ( error ) {
			// Once may be an accident; after some times nobody is there.
			looks += 10;
			if ( looks > 60 ) {
				find( 'progress-detail' ).textContent = words.lost;
				say( words.lost );
				return;
			}
		}
		if ( active ) {
			watch();
		}
	}

	// Often at first, then less, and not for ever.
	function watch() {
		if ( progress && ! timer && looks < 400 ) {
			looks++;
			timer = window.setTimeout( look, looks < 20 ? 2500 : 8000 );
		}
	}

	if ( progress && 'idle' !== progress.dataset.phase ) {
		watch();
	}
	document.addEventListener( 'visibilitychange', () => {
		if ( ! document.hidden && progress && ! progress.hidden ) {
			watch();
		}
	} );

	/* ---- DNS, in batches ---- */

	const check = find( 'check' );
	const form = check && check.querySelector( 'form' );

	async function checkAll() {
		const start = find( 'dns', form );
		const cancel = find( 'check-cancel', check );
		const bar = find( 'check-bar', check );
		const label = find( 'check-text', check );
		const summary = find( 'check-summary', check );
		const total = Number( check.dataset.total );
		const stop = new AbortController();
		const which = { search: check.dataset.search, verdict: check.dataset.verdict, certificate: check.dataset.certificate };
		let sums = { checked: 0, changed: 0, right: 0 };
		let after = '';
		let text = '';

		summary.textContent = '';
		bar.value = 0;
		label.textContent = words.checking;
		find( 'check-progress', check ).hidden = false;
		cancel.hidden = false;
		cancel.onclick = () => stop.abort();
		cancel.focus();
		start.disabled = true;
		say( words.checking );

		try {
			while ( null !== after ) {
				const answer = await ask( 'dns', Object.assign( { after }, which, sums ), stop.signal );
				if ( answer.error ) {
					throw new Error( answer.error.text );
				}
				sums = { checked: answer.checked, changed: answer.changed, right: answer.right };
				text = answer.text;
				after = answer.next;
				bar.value = total ? Math.min( 1, ( total - answer.left ) / total ) : 1;
				label.textContent = words.checked.replace( '%1$s', number( Math.max( 0, total - answer.left ) ) ).replace( '%2$s', number( total ) );
			}
		} catch ( error ) {
			text = ( stop.signal.aborted ? words.canceled : error.message ) + ( text ? ' ' + text : '' );
		}

		find( 'check-progress', check ).hidden = true;
		start.disabled = false;
		if ( cancel === document.activeElement ) {
			start.focus();
		}
		cancel.hidden = true;
		summary.textContent = text;

		if ( sums.changed ) {
			await refresh().catch( () => {} );
		}
		if ( sums.right ) {
			// A run follows by itself.
			looks = 0;
			if ( ! timer ) {
				timer = window.setTimeout( look, 1000 );
			}
		}
	}

	if ( form ) {
		form.addEventListener( 'submit', ( event ) => {
			event.preventDefault();
			event.stopPropagation();
			checkAll();
		} );
	}

	/* ---- Buttons ---- */

	// A run may take a while: that it goes on is said, and nobody presses twice.
	page.addEventListener( 'submit', ( event ) => {
		if ( event.defaultPrevented || 'post' !== event.target.method ) {
			return;
		}
		say( words.working );
		page.setAttribute( 'aria-busy', 'true' );
		window.setTimeout( () => {
			page.querySelectorAll( 'button[type="submit"]:not(:disabled)' ).forEach( ( button ) => {
				button.disabled = true;
				button.dataset.waits = '1';
			} );
		}, 0 );
	} );
	// Back from the next page, the browser shows this one as it was left.
	window.addEventListener( 'pageshow', () => {
		page.removeAttribute( 'aria-busy' );
		page.querySelectorAll( 'button[data-waits]' ).forEach( ( button ) => {
			button.disabled = false;
			delete button.dataset.waits;
		} );
	} );

	/* ---- Where the reader is after a button ---- */

	window.addEventListener( 'load', () => {
		const hash = window.location.hash.slice( 1 );
		const target = find( 'answer' ) || ( hash.startsWith( 'wu-cloudways-' ) ? document.getElementById( hash ) : null );
		if ( target && target.hasAttribute( 'tabindex' ) ) {
			target.focus();
		}
	} );
}() );
