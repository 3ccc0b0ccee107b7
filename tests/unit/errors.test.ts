import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endpointFaults } from '../../workflow/endpoint-fault.ts';
import { catalogue, errorNames, isErrorName, retriedErrorNames } from '../../workflow/errors.ts';

/** They talk of errors, and make none. */
const onlyNames = [
  'unit/errors.test.ts',
  'unit/classify-failure.test.ts',
  'run/recover-env.asl.test.ts',
  'run/definition.test.ts',
];

describe('the catalogue of errors', () => {
  it.each(errorNames)('says in sentences what %s means and what to do', (name) => {
    const { meaning, remedy } = catalogue[name];
    for (const text of [meaning, remedy]) {
      expect(text).toMatch(/^[A-Z].*[.!]$/);
      // Nothing that was to be filled in, but in a command.
      expect(text.replaceAll(/`[^`]*`/g, '')).not.toMatch(/\$\{|[<>[\]]|undefined|TODO/);
      expect(text).not.toMatch(/\s\s|\n/);
    }
    expect(meaning).not.toBe(remedy);
  });

  it.each(errorNames)('begins what it says to do about %s with a thing to do', (name) => {
    expect(catalogue[name].remedy).toMatch(
      /^(?:Add|Allow|Ask|Check|Choose|Deploy|Find out|Let|Look|Make sure|Move|Put|Read|Remove|Repair|See|Set|Sign in|Start|Stop|Wait)\b/,
    );
  });

  it.each(errorNames)('tells of %s what has to be put right, and not how to go on then', (name) => {
    expect(catalogue[name].remedy).not.toMatch(/redrive|\banew\b/i);
  });

  it('holds the faults of the endpoint', () => {
    expect(endpointFaults).toContain('HostRejected');
    for (const fault of endpointFaults) expect(errorNames).toContain(fault);
  });

  it('has those retried that pass by themselves, and lets them go on with a redrive', () => {
    expect([...retriedErrorNames].sort()).toEqual([
      'AwsThrottled',
      'AwsUnavailable',
      'EnvStale',
      'EnvWriteConflict',
      'FunctionUpdateConflict',
      'LeaseContended',
    ]);
    for (const name of retriedErrorNames) expect(catalogue[name].next).toBeUndefined();
  });

  it('starts again where the state that failed can only find the same again', () => {
    expect(errorNames.filter((name) => catalogue[name].next === 'Start').sort()).toEqual([
      'EndpointUnhealthy',
      'EndpointUnreachable',
      'EnvOverlooked',
      'EnvReplaced',
      'InvalidInput',
      'LeaseLost',
      'PlanOutdated',
    ]);
  });

  it('deploys what was corrected in the parameter', () => {
    const deployed = errorNames.filter((name) => catalogue[name].next === 'StartWithDeploy');
    expect(deployed.sort()).toEqual([
      'EnvInvalid',
      'EnvRestoreFailed',
      'HostRejected',
      'InternalKeyMissing',
      'InternalKeyRejected',
      'InternalKeyUnusable',
    ]);
  });

  it.each(['toString', 'TypeError', 'States.Timeout', '', undefined])('does not know %s', (name) => {
    expect(isErrorName(name)).toBe(false);
  });

  it('has a test for each name that expects something to fail by it', () => {
    const folder = join(import.meta.dirname, '..');
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.test.ts') && !onlyNames.includes(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const untested = errorNames.filter((name) => !tests.includes(`'${name}'`));
    expect(untested).toEqual([]);
  });
});
