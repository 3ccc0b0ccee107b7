/** What the function with the doctor may do, and who may ask it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { academy, statementsOf } from '../support/compiled-template.ts';
import { networkActions, ofInterfaces } from '../support/network-actions.ts';

describe('permissions', () => {
  it('let nobody but DiagnoseChain look at the network and the instances', () => {
    const roles = statementsOf(academy).filter(({ Action }) =>
      Action.some((action) => action.startsWith('ec2:') && !ofInterfaces.includes(action)),
    );
    expect(new Set(roles.map(({ role }) => role))).toEqual(new Set(['DiagnoseChainRole']));
    const ofEc2 = roles.flatMap(({ Action }) => Action).filter((action) => action.startsWith('ec2:'));
    expect(ofEc2.sort()).toEqual(['ec2:DescribeInstances', ...networkActions].sort());
  });

  it('let DiagnoseChain do all that the doctor needs, and nothing else', () => {
    const [, needed = ''] = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8').split(
      '## What it needs',
    );
    const [section = ''] = needed.split('## ');
    const actions = [...section.matchAll(/`([a-z0-9]+:[A-Z]\w+)`/g)].map(([, action]) => action);
    const allowed = statementsOf(academy)
      .filter(({ role }) => role === 'DiagnoseChainRole')
      .flatMap(({ Action }) => Action)
      .filter((action) => !/^(logs|xray):/.test(action));
    expect(new Set(allowed)).toEqual(new Set(actions));
  });

  it('let functions invoke the doctor’s, and no other function of the stack', () => {
    const invoked = statementsOf(academy).filter(
      ({ role, Action }) => Action.includes('lambda:InvokeFunction') && role !== 'RecoverEnvRole',
    );
    const doctor = expect.stringMatching(/:function:env-recovery-academy-api-diagnoseChain$/);
    expect(Object.fromEntries(invoked.map(({ role, Resource }) => [role, Resource]))).toEqual({
      CloseRecoveryRole: [doctor],
      ConfirmBacklogRole: [expect.stringMatching(/:function:academy-worker-queue-depth-metric$/)],
      PlanRecoveryRole: [doctor],
    });
  });
});
