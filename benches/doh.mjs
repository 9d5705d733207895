// DNS over HTTPS for the rivals: nginx with TLS and HTTP/2 in front of the simulator, which answers in the JSON of
// Google's resolver over plain HTTP.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, run, write } from '../tests/wordpress/lib/lab.mjs';
import { canConnect } from '../tests/wordpress/lib/services.mjs';

/**
 * @param {object} lab where it runs
 * @param {object} sim what is behind it
 * @returns {Promise<{url: string, ca: string}>} where to ask, and the certificate to trust
 */
export async function startDoh(lab, sim) {
  const dir = lab.folder('doh');
  const key = join(dir, 'key.pem');
  const ca = join(dir, 'cert.pem');
  const made = await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=doh.example',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', ca,
  ]);
  if (made.code !== 0) throw new Error(`openssl ended with ${made.code}:\n${made.stderr}`);
  const port = await freePort();
  const conf = join(dir, 'nginx.conf');
  // Where root runs it, its workers are root's as well: they read the key.
  write(
    conf,
    `daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 8192;
pid ${dir}/pid;
error_log ${lab.log('doh-error')} warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  keepalive_requests 1000000;
  http2_max_concurrent_streams 4096;
  upstream simulator { server ${new URL(sim.origin).host}; keepalive 1024; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${ca};
    ssl_certificate_key ${key};
    location = /resolve { proxy_pass http://simulator; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
  await lab.start({
    name: 'doh',
    command: '/usr/sbin/nginx',
    args: ['-e', lab.log('doh-error'), '-c', conf, '-p', dir],
    ready: () => existsSync(join(dir, 'pid')) && canConnect({ host: '127.0.0.1', port }),
  });
  return { url: `https://127.0.0.1:${port}/resolve`, ca };
}
