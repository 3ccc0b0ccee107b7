/**
 * The API on the sandbox's host, in place of Django: it counts the waiting videos if it has a database, and if the
 * request has a Host that it allows and the right key.
 */
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import * as v from 'valibot';

const Database = v.object({ password: v.string(), videoBacklog: v.number() });

/** What the API is started with. */
export interface ApiOptions {
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where its database is. */
  readonly directory: string;
}

/** The "database" is a JSON file; like any other, it needs the password. */
function countVideos({ environment, directory }: ApiOptions): number {
  const { DB_HOST, DB_NAME, DB_USER, DB_PASSWORD } = environment;
  if (!DB_HOST || !DB_NAME || !DB_USER || !DB_PASSWORD) throw new Error('no database configured');
  const database = v.parse(Database, JSON.parse(readFileSync(join(directory, `${DB_NAME}.json`), 'utf8')));
  if (database.password !== DB_PASSWORD) throw new Error('password authentication failed');
  return database.videoBacklog;
}

function isInternalKey({ environment }: ApiOptions, given: string): boolean {
  const key = Buffer.from(environment.LAMBDA_INTERNAL_API_KEY ?? '');
  const other = Buffer.from(given);
  return key.length > 0 && key.length === other.length && timingSafeEqual(key, other);
}

/** The API between one start and the next. */
export function createApi(options: ApiOptions): RequestListener {
  return (request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const allowedHosts = (options.environment.ALLOWED_HOSTS ?? '127.0.0.1,localhost').split(',');
    if (!allowedHosts.includes(host)) return answer(400, { detail: 'DisallowedHost' });
    if (request.url !== '/api/v1/internal/video/backlog-count/') return answer(404, { detail: 'Not found.' });
    if (!isInternalKey(options, String(request.headers['x-internal-key'] ?? '')))
      return answer(403, { detail: 'Invalid internal key.' });
    try {
      return answer(200, { backlog: countVideos(options) });
    } catch {
      return answer(500, { detail: 'Internal Server Error' });
    }
  };
}
