// What `verify_api_after_deploy.sh` does on a real host: the API has to answer, whatever the answer is.
const { ask } = require('./ask.cjs');

(async () => {
  const { status } = await ask(process.env.API_URL);
  console.log(`the API answers ${status} to a call without a key`);
  if (status >= 500) process.exitCode = 1;
})();
