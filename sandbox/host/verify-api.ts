/** What `verify_api_after_deploy.sh` is on a real host: the API has to answer, whatever its answer is. */
import * as v from 'valibot';

const { API_ORIGIN } = v.parse(v.object({ API_ORIGIN: v.string() }), process.env);

const answer = await fetch(`${API_ORIGIN}/api/v1/internal/video/backlog-count/`);
console.log(`the API answers ${answer.status} to a call without a key`);
if (answer.status >= 500) process.exitCode = 1;
