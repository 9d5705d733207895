// The network page, as its tests read it and press its buttons.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { write } from './lab.mjs';

export const PAGE = '/wp-admin/network/admin.php?page=wu-cloudways';

/** From now on a page starts no queue of its own: what a test does not ask for does not happen between two of its steps. */
export function noQueueByItself(network) {
  network.setConstants({ DISABLE_WP_CRON: true });
  write(join(network.muPlugins, 'no-queue.php'), "<?php add_filter( 'action_scheduler_allow_async_request_runner', '__return_false' );\n");
}

/** The nonces of these actions for a visitor who is logged in, as no page gives them to everybody. */
export async function noncesOf(network, visitor, actions) {
  write(
    join(network.muPlugins, 'nonces.php'),
    `<?php add_action( 'wp_ajax_lab_nonces', static function () { foreach ( explode( ',', $_GET['for'] ) as $action ) { $nonces[ $action ] = wp_create_nonce( 'wu_cloudways_' . $action ); } wp_send_json( $nonces ); } );\n`,
  );
  return JSON.parse((await visitor.get(`/wp-admin/admin-ajax.php?action=lab_nonces&for=${actions.join(',')}`)).body);
}

/** The forms of a page that are sent by a button, with their HTML. */
export function forms(body) {
  return [...body.matchAll(/<form method="post".*?<\/form>/gs)].map(([html]) => html);
}

/** What a form sends besides its button: the hidden fields. */
export function fields(html) {
  return Object.fromEntries([...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/** What the button `action` of the page sends. `with` picks the form, where there are several. */
export async function formOf(visitor, action, { query = '', having = '' } = {}) {
  const { body } = await visitor.get(PAGE + query);
  const form = forms(body).find((html) => html.includes(`name="wu_cloudways_action" value="${action}"`) && html.includes(having));
  assert.ok(form, `there is no button "${action}"`);
  return { wu_cloudways_action: action, ...fields(form) };
}

/** Presses the button. */
export async function press(visitor, action, { query = '', having = '', more = {} } = {}) {
  return visitor.post(PAGE + query, { ...(await formOf(visitor, action, { query, having })), ...more });
}

/** Presses the button of a name in a table. */
export function pressFor(visitor, action, name, options = {}) {
  return press(visitor, action, { having: `id="wu-cloudways-do-${action}"`, ...options, more: { wu_cloudways_name: name, ...options.more } });
}

/** The HTML of what has this `data-wu-cloudways`, up to the next section or the end. */
export function part(body, name) {
  const start = body.indexOf(`data-wu-cloudways="${name}"`);
  if (start < 0) return null;
  const from = body.lastIndexOf('<', start);
  const tag = /^<([a-z]+)/.exec(body.slice(from))[1];
  let depth = 0;
  for (const match of body.slice(from).matchAll(new RegExp(`<(/?)${tag}\\b`, 'g'))) {
    depth += match[1] ? -1 : 1;
    if (depth === 0) return body.slice(from, from + match.index);
  }
  return body.slice(from);
}

/** The row of a domain in the table. */
export function rowOf(body, name) {
  return body.split('<tr').find((row) => row.includes(`<bdi>${name}</bdi>`)) ?? null;
}
