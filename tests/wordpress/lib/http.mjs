// HTTP to a site on loopback, by the name the site has: there is no DNS for network.example.
import { request } from 'node:http';

/** A visitor of the site behind `127.0.0.1:<port>`, with cookies of its own. */
export class Visitor {
  #cookies = new Map();

  constructor(port, host) {
    this.port = port;
    this.host = host;
  }

  /** @returns {Promise<{status: number, headers: object, body: string}>} redirects are not followed */
  send(method, path, { form, host = this.host, headers = {}, timeout = 90000 } = {}) {
    const body = form ? new URLSearchParams(form).toString() : '';
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: this.port,
        method,
        path,
        agent: false,
        headers: {
          host,
          cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(form ? { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) } : {}),
          ...headers,
        },
      });
      outgoing.setTimeout(timeout, () => outgoing.destroy(new Error(`${method} ${path}: no answer in ${timeout / 1000} s`)));
      outgoing.on('error', reject);
      outgoing.on('response', (answer) => {
        for (const line of answer.headers['set-cookie'] ?? []) {
          const [pair] = line.split(';');
          this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
        }
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => (text += chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
      });
      outgoing.end(body);
    });
  }

  get(path, options) {
    return this.send('GET', path, options);
  }

  post(path, form, options) {
    return this.send('POST', path, { ...options, form });
  }

  /** Logs in at wp-login.php. */
  async logIn(user, password) {
    await this.get('/wp-login.php');
    const answer = await this.post('/wp-login.php', { log: user, pwd: password, testcookie: '1' });
    if (answer.status !== 302) throw new Error(`Logging in as ${user} ended with ${answer.status}:\n${text(answer.body).slice(0, 500)}`);
    return this;
  }
}

/** The words of a page, without tags, scripts and styles. */
export function text(html) {
  return html
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&nbsp;|&#160;/g, ' ')
    .replace(/&#0?39;|&#8217;|&rsquo;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
}
