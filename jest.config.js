export default {
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }] },
  testEnvironment: '<rootDir>/tests/support/environment.js',
  modulePathIgnorePatterns: ['<rootDir>/.sandbox/'],
  globalSetup: '<rootDir>/tests/support/package-stacks.ts',
  collectCoverageFrom: ['{env,workflow,aws,functions,cli,sandbox,stack,targets}/**/*.ts'],
  testTimeout: 120_000,
  // More than there may be cores: whole runs mostly wait.
  maxWorkers: 3,
  testSequencer: '<rootDir>/tests/sequencer.cjs',
};
