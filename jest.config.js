const common = {
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }] },
  testEnvironment: '<rootDir>/tests/support/environment.js',
  modulePathIgnorePatterns: ['<rootDir>/.sandbox/'],
};

/** One for each folder of tests: modules alone, with the sandbox's services, and whole runs of what gets packaged. */
const project = (folder, more = {}) => ({
  ...common,
  ...more,
  displayName: folder,
  testMatch: [`<rootDir>/tests/${folder}/**/*.test.ts`],
});

/** `npm run test:examples`: each of the example targets is packaged for it. */
const examples = project('examples', { globalSetup: '<rootDir>/tests/support/package-examples.ts' });

export default {
  projects: process.env.TEST_EXAMPLES
    ? [examples]
    : [
        project('unit'),
        project('wire'),
        // Only where one of these tests is run, something is packaged.
        project('run', { globalSetup: '<rootDir>/tests/support/package-stacks.ts' }),
      ],
  collectCoverageFrom: ['{env,workflow,aws,functions,cli,sandbox,stack,targets}/**/*.ts'],
  // A limit for what never ends; the machine may be as slow as it likes.
  testTimeout: 300_000,
  // More than there may be cores: whole runs mostly wait.
  maxWorkers: 4,
  testSequencer: '<rootDir>/tests/sequencer.cjs',
};
