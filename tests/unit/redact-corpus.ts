/** Ways in which logs show secrets, and lines of logs that show none. */

export const env = new Map([
  ['DB_PASSWORD', 'hunter2!'],
  ['REDIS_URL', '"redis://:p4ss%21w0rd@cache:6379/0"'],
  ['JSON', 'pa"ss\\w0rd'],
  ['PEM', '-----BEGIN\nsecond line\n-----END'],
  ['DJANGO_SECRET_KEY', "it's-a$ecret&<k3y>"],
  ['SIGNING_KEY', 'dGhpcyBpcyBub3QgYSByZWFsIGtleQ=='],
  ['REDIS_TOKEN', 'AX-9f8e7d6c5b4a'],
  ['KOREAN', '비밀번호-é-열쇠'],
  ['SHORT_TOKEN', 'q7#z'],
  ['PIN', '4711'],
  ['PHRASE', 'correct horse battery'],
  ['DB_PORT', '5432'],
  ['DEBUG', 'False'],
  ['LOG_LEVEL', 'INFO'],
  ['DJANGO_SETTINGS_MODULE', 'config.settings'],
]);

export const secrets = [
  'AX-9f8e7d6c5b4a',
  'hunter2!',
  'pa"ss\\w0rd',
  "it's-a$ecret&<k3y>",
  'dGhpcyBpcyBub3QgYSByZWFsIGtleQ==',
  '비밀번호-é-열쇠',
  'q7#z',
  '4711',
  'correct horse battery',
];

const json = (secret: string): string => JSON.stringify(secret).slice(1, -1);
const asciiJson = (secret: string): string =>
  json(secret).replaceAll(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
const bytesAs = (prefix: string) => (secret: string) =>
  [...Buffer.from(secret)].map((byte) => `${prefix}${byte.toString(16).padStart(2, '0')}`).join('');
const html = (secret: string): string =>
  secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const wrapped = (columns: number, with_: string) => (secret: string) =>
  [...secret].map((sign, index) => (index > 0 && index % columns === 0 ? with_ + sign : sign)).join('');
const base64 = (secret: string): string => Buffer.from(secret).toString('base64');

/** Every one is to leave nothing but the mask. */
export const spellings: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in capital letters': (secret) => secret.toUpperCase(),
  'in small letters': (secret) => secret.toLowerCase(),
  'percent-encoded': (secret) => encodeURIComponent(secret),
  'percent-encoded, each byte': bytesAs('%'),
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'as a form': (secret) => encodeURIComponent(secret).replaceAll('%20', '+'),
  'as JSON': json,
  'as JSON in ASCII': asciiJson,
  'as JSON in JSON': (secret) => json(json(secret)),
  'as JSON in ASCII in JSON': (secret) => json(asciiJson(secret)),
  "with Python's quotes": (secret) => secret.replaceAll('\\', '\\\\').replaceAll("'", "\\'"),
  "with Python's bytes": bytesAs('\\x'),
  "with the shell's single quotes": (secret) => secret.replaceAll("'", "'\\''"),
  "with the shell's other single quotes": (secret) => secret.replaceAll("'", `'"'"'`),
  "with the shell's double quotes": (secret) => secret.replaceAll(/[$"`\\]/g, '\\$&'),
  'with a backslash before each sign': (secret) => secret.replaceAll(/[^\w가-힣é]/gu, '\\$&'),
  'with doubled quotes': (secret) => secret.replaceAll('"', '""').replaceAll("'", "''"),
  'with doubled dollars': (secret) => secret.replaceAll('$', '$$$$'),
  'as HTML': html,
  'as HTML with numbers': (secret) => html(secret).replaceAll("'", '&#39;'),
  'as HTML with hexadecimal numbers': (secret) => html(secret).replaceAll("'", '&#x27;'),
  'as HTML, escaped twice': (secret) => html(html(secret)),
  'as HTML in JSON': (secret) => json(html(secret)),
  'wrapped after one column': wrapped(1, '\n'),
  'wrapped after three columns': wrapped(3, '\n'),
  'wrapped with blanks': wrapped(3, '  \r\n    '),
  'wrapped with a backslash': wrapped(3, ' \\\n'),
  'wrapped, each line after the name of a container': wrapped(3, '\napi-1  | '),
  'wrapped, each line after the step of a build': wrapped(3, '\n#12 0.345 '),
  'percent-encoded and wrapped': (secret) => wrapped(7, '\n')(encodeURIComponent(secret)),
  'as JSON in ASCII and wrapped': (secret) => wrapped(5, '\n')(asciiJson(secret)),
  'as base64': base64,
  'as base64 for URLs': (secret) => Buffer.from(secret).toString('base64url'),
  'as base64 and wrapped': (secret) => wrapped(4, '\n')(base64(secret)),
  'as base64, percent-encoded': (secret) => encodeURIComponent(base64(secret)),
  'as hexadecimal digits': bytesAs(''),
};

/** None is to leave six characters in a row of the secret. */
export const contexts: [what: string, text: (secret: string) => string][] = [
  ['an assignment', (secret) => `SECRET=${secret}`],
  ['a quoted assignment', (secret) => `export SECRET="${secret}"`],
  ["Python's dictionary", (secret) => `{'user': 'api', 'password': '${secret}'}`],
  ['JSON', (secret) => `{"password":"${json(secret)}","debug":true}`],
  ['YAML', (secret) => `password: ${secret}`],
  ['a query', (secret) => `GET /login?token=${encodeURIComponent(secret)}&page=2 HTTP/1.1`],
  ['an option', (secret) => `mysql --user api --password ${secret} app`],
  ['an option with a sign', (secret) => `mysql --password=${secret} app`],
  ['an option of one letter', (secret) => `mysql -uroot -p${secret} app`],
  ['Basic', (secret) => `Authorization: Basic ${base64(`api:${secret}`)}`],
  ['Basic with a longer name', (secret) => `Authorization: Basic ${base64(`api-user:${secret}`)}`],
  ['Bearer', (secret) => `Authorization: Bearer ${secret}`],
  ['Bearer alone', (secret) => `sent Bearer ${secret} to the server`],
  ['a cookie', (secret) => `Cookie: theme=dark; id=${secret}`],
  ['a URL', (secret) => `could not connect to postgres://api:${encodeURIComponent(secret)}@db:5432/app`],
  ['a URL, not encoded', (secret) => `could not connect to postgres://api:${secret}@db:5432/app`],
  ['a call', (secret) => `connect(host='db', password='${secret}', port=5432)`],
  ['a trace of the shell', (secret) => `+ export TOKEN='${secret.replaceAll("'", "'\\''")}'`],
  ['Korean words around it', (secret) => `비밀번호는 ${secret}입니다`],
  ['brackets', (secret) => `refused (${secret})`],
  ['a comma', (secret) => `refused,${secret},again`],
  ['colours', (secret) => `refused \u001b[31m${secret}\u001b[0m`],
  ['a colour within', (secret) => `refused ${secret.slice(0, 2)}\u001b[31m${secret.slice(2)}\u001b[0m`],
  ['cut at the end of the output', (secret) => `refused ${secret.slice(0, -1)}`],
  ['cut at the beginning of the output', (secret) => `${secret.slice(1)} was refused`],
  ['cut before dots', (secret) => `refused ${secret.slice(0, -1)}... by db`],
  ['cut before an ellipsis', (secret) => `refused ${secret.slice(0, -1)}… by db`],
  ['cut after an ellipsis', (secret) => `refused …${secret.slice(1)} by db`],
  ['cut on both sides of dots', (secret) => `refused ${secret.slice(0, 6)}...${secret.slice(-6)} by db`],
  ['cut before a word', (secret) => `refused ${secret.slice(0, -1)}[truncated] by db`],
  ['cut as JSON', (secret) => `{"key":"${json(secret).slice(0, -1)}...`],
  ['cut as base64', (secret) => `Basic ${base64(`u:${secret}`).slice(0, -1)}...`],
];

/** With the env above, these stay as they are. */
export const harmless = String.raw`
[2026-11-25 16:41:28 +0000] [1] [INFO] Starting gunicorn 22.0.0
[2026-11-25 16:41:28 +0000] [1] [INFO] Listening at: http://0.0.0.0:8000 (1)
[2026-11-25 16:41:28 +0000] [1] [INFO] Using worker: sync
[2026-11-25 16:41:29 +0000] [7] [ERROR] Exception in worker process
[2026-11-25 16:41:29 +0000] [1] [ERROR] Worker (pid:7) exited with code 3
[2026-11-25 16:41:29 +0000] [1] [ERROR] Reason: Worker failed to boot.
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/gunicorn/arbiter.py", line 609, in spawn_worker
  File "/usr/local/lib/python3.11/site-packages/django/db/backends/postgresql/base.py", line 215, in get_new_connection
  File "/usr/local/lib/python3.11/site-packages/django/core/handlers/exception.py", line 55, in inner
  File "<frozen importlib._bootstrap_external>", line 940, in exec_module
    return _bootstrap._gcd_import(name[level:], package, level)
    connection = Database.connect(**conn_params)
    raise ImproperlyConfigured("The SECRET_KEY setting must not be empty.")
django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.
KeyError: 'DB_PASSWORD'
django.utils.datastructures.MultiValueDictKeyError: 'page'
django.db.utils.OperationalError: connection to server at "10.0.3.17", port 5432 failed: Connection refused
ModuleNotFoundError: No module named 'academy.middleware'
WARNING 2026-11-25 16:41:30,120 basehttp 8 140213345 "GET /health HTTP/1.1" 400 143
Invalid HTTP_HOST header: '10.0.3.17:8000'. You may need to add '10.0.3.17' to ALLOWED_HOSTS.
time="2026-11-25T16:41:28Z" level=warning msg="The \"DB_HOST\" variable is not set. Defaulting to a blank string."
time="2026-11-25T16:41:28Z" level=info msg="starting containerd" revision=v1.7.2 version=v1.7.2
Error response from daemon: Conflict. The container name "/academy-api" is already in use
docker: Error response from daemon: driver failed programming external connectivity on endpoint academy-api
Error response from daemon: pull access denied for academy/api, repository does not exist or may require 'docker login'
 Container academy-api-web-1  Recreated
 Container academy-api-web-1  Error response: dependency failed to start
#12 [stage-1 4/7] RUN pip install --no-cache-dir -r requirements.txt
#12 ERROR: process "/bin/sh -c pip install" did not complete successfully: exit code: 1
invalid env file (/etc/academy-api/production.env): variable 'export DB_HOST' contains whitespaces
npm ERR! code ELIFECYCLE
npm ERR! errno 1
npm ERR! academy-api@1.4.2 start: node dist/server.js
npm ERR! A complete log of this run can be found in: /root/.npm/_logs/2026-11-25T16_41_28_123Z-debug-0.log
npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory.
added 312 packages, and audited 313 packages in 9s
    at Object.<anonymous> (/srv/academy/node_modules/express/lib/router/index.js:284:15)
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16)
Error: connect ECONNREFUSED 127.0.0.1:5432
systemd[1]: academy-api.service: Main process exited, code=exited, status=1/FAILURE
systemd[1]: academy-api.service: Failed with result 'exit-code'.
systemd[1]: academy-api.service: Scheduled restart job, restart counter is at 5.
systemd[1]: dev-disk-by\x2dlabel-cloudimg.device: Job timeout.
systemd[1]: Failed to start academy-api-background-worker-reload.service - Academy.
Job for academy-api.service failed because the control process exited with error code.
systemd[1]: session-12.scope: Deactivated successfully.
sshd[814]: pam_unix(sshd:session): session opened for user ec2-user(uid=1000) by (uid=0)
2026/11/25 16:41:31 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.3.4, server: _, request: "GET / HTTP/1.1"
10.0.3.4 - - [25/Nov/2026:16:41:31 +0000] "GET /static/css/app.3f2a1b.css HTTP/1.1" 304 0 "-" "ELB-HealthChecker/2.0"
nginx: [emerg] host not found in upstream "academy_api" in /etc/nginx/conf.d/default.conf:12
nginx: configuration file /etc/nginx/nginx.conf test failed
curl: (7) Failed to connect to localhost port 8000 after 0 ms: Connection refused
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
bash: line 14: docker-compose: command not found
+ docker compose -f /srv/academy/docker-compose.production.yml up -d --force-recreate
DEBUG=False LOG_LEVEL=INFO DB_PORT=5432
SSL routines: wrong version number (error code 0A00010B)
psycopg2.errors.UndefinedTable: relation "auth_user" does not exist
redis.exceptions.ConnectionError: Error -2 connecting to cache:6379. Name or service not known.
fatal: could not read from remote repository https://github.com/academy/academy-api.git
i-0123456789abcdef0 ap-northeast-2 exit status 1
`
  .trim()
  .split('\n');

/** Harmless, too, but nobody can tell. */
export const alsoMasked: string[] = [];
