/** What the compiled state machine says: bounds, retries, and how inputs and results fit together. */
import type * as v from 'valibot';
import { maxDeploySeconds } from '../../functions/deploy-api.ts';
import * as chain from '../../workflow/chain.ts';
import { retriedErrorNames } from '../../workflow/errors.ts';
import { Approval, planRejected, RecoveryPlan } from '../../workflow/plan.ts';
import * as results from '../../workflow/results.ts';
import { maxApprovalMinutes } from '../../workflow/target/triggers.ts';
import { definition, type Retrier, tasks } from '../support/compiled-machine.ts';

/** A schema, as far as it is looked at here. */
interface Schema {
  readonly entries?: Readonly<Record<string, { readonly type: string }>>;
}

const fieldOf = (path: string | undefined) => path?.replace(/^\$\./, '');

describe('the definition', () => {
  it('bounds every task, and the machine by more than the longest deploy and two tries of each task take', () => {
    for (const [, { TimeoutSeconds }] of tasks) expect(TimeoutSeconds).toBeGreaterThan(0);
    const taskSeconds = tasks
      .filter(([name]) => name !== 'RequestApproval')
      .reduce((sum, [, { TimeoutSeconds = 0 }]) => sum + 2 * TimeoutSeconds, 0);
    expect(definition.TimeoutSeconds).toBeGreaterThan(
      maxApprovalMinutes * 60 + maxDeploySeconds + taskSeconds,
    );
  });

  it('retries every task in the same way, but for the end of the waiting for an approval', () => {
    const [first] = tasks;
    for (const [name, { Retry }] of tasks) {
      const expected = first?.[1].Retry?.map(({ ErrorEquals, ...rest }) => ({
        ErrorEquals: ErrorEquals.filter((error) => name !== 'RequestApproval' || error !== 'States.Timeout'),
        ...rest,
      }));
      expect(Retry).toEqual(expected);
    }
  });

  it('retries the transient names of the closed list, and knows no other name but AWS’s own', () => {
    const [transient, once] = tasks[0]?.[1].Retry ?? [];
    const own = (retrier: v.InferOutput<typeof Retrier> | undefined) =>
      retrier?.ErrorEquals.filter((name) => !/^(Lambda|States|Sandbox|Runtime)\./.test(name));
    expect(own(transient)).toEqual([...retriedErrorNames]);
    expect(own(once)).toEqual(['CredentialsExpired']);
  });

  it('has no Fail state and catches no failure, so that a redrive starts at the state that failed', () => {
    for (const [name, state] of Object.entries(definition.States)) {
      expect(state.Type).not.toBe('Fail');
      // That a plan is rejected, that nobody answers, or that the env was overlooked, is an outcome.
      if (['DeployApi', 'VerifyEndpoint', 'PatchLambdaEnv', 'MarkKnownGood'].includes(name))
        expect(state.Catch).toMatchObject([{ ErrorEquals: ['EnvOverlooked'], Next: 'ValidateEnv' }]);
      else if (name === 'RequestApproval')
        expect(state.Catch).toMatchObject([
          { ErrorEquals: [planRejected, 'States.Timeout'], Next: 'ReportRecovery' },
        ]);
      else expect(state).not.toHaveProperty('Catch');
    }
  });

  it('hands every state the execution with its redrives, which the fence asks for', () => {
    for (const [, { Parameters }] of tasks)
      expect(JSON.stringify(Parameters)).toContain('"redriveCount.$":"$$.Execution.RedriveCount"');
  });
});

/** What each state needs of the state object, and what it gives. */
const states: Record<string, { readonly input: Schema; readonly result: object }> = {
  ValidateEnv: { input: chain.ValidateEnvInput, result: results.EnvFinding },
  CheckEndpoint: { input: chain.CheckEndpointInput, result: results.EndpointCheck },
  PlanRecovery: { input: chain.PlanRecoveryInput, result: RecoveryPlan },
  RequestApproval: { input: chain.RequestApprovalInput, result: Approval },
  AnnounceRecovery: { input: chain.AnnounceRecoveryInput, result: results.Announcement },
  UploadEnv: { input: chain.UploadEnvInput, result: results.EnvUpload },
  DeployApi: { input: chain.DeployApiInput, result: results.Deployment },
  VerifyEndpoint: { input: chain.VerifyEndpointInput, result: results.EndpointProof },
  PatchLambdaEnv: { input: chain.PatchLambdaEnvInput, result: results.FunctionPatch },
  ConfirmBacklog: { input: chain.ConfirmBacklogInput, result: results.BacklogProof },
  MarkKnownGood: { input: chain.MarkKnownGoodInput, result: results.KnownGood },
};

describe('the chain of inputs and results', () => {
  /** The fields of the state object that are there whichever way has led into a state. */
  const guaranteed = new Map<string, ReadonlySet<string>>();
  const walk = (name: string, fields: ReadonlySet<string>) => {
    const known = guaranteed.get(name);
    const common = known ? known.intersection(fields) : fields;
    if (known && common.size === known.size) return;
    guaranteed.set(name, common);
    const { ResultPath, Next, Default, Choices = [], Catch = [] } = definition.States[name] ?? {};
    const given = name === 'TakeLease' ? Object.keys(chain.TakeLeaseOutput.entries) : [fieldOf(ResultPath)];
    const after = new Set([...common, ...given.filter((field) => field !== undefined)]);
    for (const next of [Next, Default, ...Choices.map((choice) => choice.Next)]) if (next) walk(next, after);
    for (const caught of Catch) walk(caught.Next, new Set([...common, fieldOf(caught.ResultPath) ?? '']));
  };
  walk('TakeLease', new Set());

  it('has every state but the first and the last', () => {
    expect(Object.keys(states).sort()).toEqual(
      tasks
        .map(([name]) => name)
        .filter((name) => !['TakeLease', 'ReportRecovery'].includes(name))
        .sort(),
    );
  });

  it.each(Object.entries(states))('gives %s all that it needs, on every way into it', (name, { input }) => {
    const needed = Object.entries(input.entries ?? {})
      .filter(([, { type }]) => type !== 'exact_optional')
      .map(([field]) => field);
    expect(needed.filter((field) => !guaranteed.get(name)?.has(field))).toEqual([]);
  });

  it('gives ReportRecovery all that a proven or a refused run needs', () => {
    const refused = Object.entries(chain.RefusedRun.entries).filter(
      ([, { type }]) => type !== 'exact_optional',
    );
    expect(refused.filter(([field]) => !guaranteed.get('ReportRecovery')?.has(field))).toEqual([]);
    const proven = new Set(['backlog', 'knownGood', ...(guaranteed.get('MarkKnownGood') ?? [])]);
    const needed = Object.entries(chain.ProvenRun.entries).filter(
      ([, { type }]) => type !== 'exact_optional',
    );
    expect(needed.filter(([field]) => !proven.has(field))).toEqual([]);
  });

  it.each(Object.entries(states))(
    'puts the result of %s where the state object has it',
    (name, { result }) => {
      const field = fieldOf(definition.States[name]?.ResultPath);
      const entries = new Map<string | undefined, object>(Object.entries(chain.RecoveryState.entries));
      expect(entries.get(field)).toMatchObject({ wrapped: result });
    },
  );
});
