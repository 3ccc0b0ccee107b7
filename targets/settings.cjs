// serverless.yml reads its target through this: variable files have to be CommonJS.
if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error('run this through npm or npx, which take the Node 24 that comes with the project');
}
const { readTarget, templateSettings } = require('./target.ts');

module.exports = async ({ resolveVariable }) => {
  const name = await resolveVariable('param:target');
  try {
    const content = await resolveVariable(`file(./targets/${name}.yml), null`);
    return templateSettings(readTarget(`targets/${name}.yml`, content), name);
  } catch (error) {
    // A mistake in the target file is one line, not a stack.
    if (error.name === 'TargetInvalid') error.stack = '';
    throw error;
  }
};
