// serverless.yml gets the stack of its target from here: variable files have to be CommonJS.
if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error('run this through npm or npx, which take the Node 24 that comes with the project');
}
const {
  loadTarget,
  requireKeysOf,
  targetFileOf,
  TargetInvalid,
  targetsDirectory,
} = require('../targets/load.ts');
const { stackOf } = require('./stack.ts');

module.exports = async ({ options, resolveVariable }) => {
  const name = await resolveVariable('param:target');
  try {
    // Packaging may fall back on the defaults in serverless.yml; a deploy has to say what and where.
    const region = options.region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
    const isTargetGiven = [options.param ?? []].flat().some((param) => `${param}`.startsWith('target='));
    if (process.argv.includes('deploy') && !(isTargetGiven && region))
      throw new TargetInvalid('say what to deploy and where: --param target=<name> --region <region>');
    const directory = targetsDirectory(await resolveVariable('param:targets'));
    const target = { name, ...loadTarget(name, directory) };
    if (region) requireKeysOf(region, target, targetFileOf(name, directory));
    return stackOf(target, region);
  } catch (error) {
    if (error.name !== 'TargetInvalid') throw error;
    // A mistake in a target file is shown in one line, not as a stack trace.
    console.error(error.message);
    return process.exit(1);
  }
};
