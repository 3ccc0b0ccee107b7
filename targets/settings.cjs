// serverless.yml reads its target through this: variable files have to be CommonJS.
if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error('run this through npm or npx, which take the Node 24 that comes with the project');
}
const { loadTarget, templateSettings } = require('./target.ts');

module.exports = async ({ resolveVariable }) => {
  const name = await resolveVariable('param:target');
  try {
    return templateSettings(loadTarget(name), name);
  } catch (error) {
    if (error.name !== 'TargetInvalid') throw error;
    // A mistake in a target file is one line, not a stack inside a stack.
    console.error(error.message);
    return process.exit(1);
  }
};
