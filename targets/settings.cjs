// serverless.yml reads its target through this: variable files have to be CommonJS.
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
