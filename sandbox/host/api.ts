/**
 * The API on the sandbox's host, in place of Django: it counts the videos that wait, if it has a database, is
 * addressed by a Host it allows, and is shown the right key. Its whole environment comes from the .env.
 */
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import * as v from 'valibot';

const Database = v.object({ password: v.string(), videoBacklog: v.number() });

/** The "database" is a JSON file; it asks for the password like any other. */
function countVideos(): number {
  const { DB_HOST, DB_NAME, DB_USER, DB_PASSWORD } = process.env;
  if (!DB_HOST || !DB_NAME || !DB_USER || !DB_PASSWORD) throw new Error('no database configured');
  const database = v.parse(Database, JSON.parse(readFileSync(`${DB_NAME}.json`, 'utf8')));
  if (database.password !== DB_PASSWORD) throw new Error('password authentication failed');
  return database.videoBacklog;
}

function isInternalKey(given: string): boolean {
  const key = Buffer.from(process.env.LAMBDA_INTERNAL_API_KEY ?? '');
  const other = Buffer.from(given);
  return key.length > 0 && key.length === other.length && timingSafeEqual(key, other);
}

const server = createServer((request, response) => {
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  const allowedHosts = (process.env.ALLOWED_HOSTS ?? '127.0.0.1,localhost').split(',');
  if (!allowedHosts.includes(host)) return answer(400, { detail: 'DisallowedHost' });
  if (request.url !== '/api/v1/internal/video/backlog-count/') return answer(404, { detail: 'Not found.' });
  if (!isInternalKey(String(request.headers['x-internal-key'] ?? '')))
    return answer(403, { detail: 'Invalid internal key.' });
  try {
    return answer(200, { backlog: countVideos() });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return answer(500, { detail: 'Internal Server Error' });
  }
});

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  if (process.send && typeof address === 'object' && address) process.send({ port: address.port });
});
