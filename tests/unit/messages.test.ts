/** What a person is told, word by word. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { nothingSeen } from '../../workflow/doctor/summary.ts';
import { catalogue, type ErrorName, errorNames } from '../../workflow/errors.ts';
import { classifyFailure } from '../../workflow/failure.ts';
import { failureNotification, startNotification } from '../../workflow/messages.ts';
import type { RecoveryPlan } from '../../workflow/plan.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { plannedFunction, recoveryPlan } from '../support/execution-facts.ts';
import { examples, goldenFile, render } from './notifications/examples.ts';

describe('a notification', () => {
  it.each(Object.entries(examples))('of the kind %s says what its golden file says', (name, notification) => {
    expect(render(notification)).toBe(readFileSync(goldenFile(name), 'utf8'));
  });

  it('has a golden file for each kind, and no kind too few', () => {
    const files = readdirSync(dirname(goldenFile('started'))).filter((file) => file.endsWith('.txt'));
    expect(files.map((file) => file.replace(/\.txt$/, '')).sort()).toEqual(Object.keys(examples).sort());
  });

  it.each(Object.entries(examples))('of the kind %s has a subject that SNS takes', (_name, { subject }) => {
    // A target's name has at most 31 characters.
    expect(subject.replace('academy-api', 'x'.repeat(31))).toMatch(/^[\x20-\x7e]{1,100}$/);
  });

  it('shows no message of an error that is not of the closed list, nor the output of a deploy', () => {
    expect(examples['failed-unexpectedly']?.text).not.toContain('secret');
    expect(examples.failed?.text).not.toContain('refused');
  });
});

describe('the notification of a failure', () => {
  const recovery = {
    target: 'academy-api',
    execution: {
      arn: 'arn:aws:states:us-gov-west-1:111122223333:execution:env-recovery-academy-api:night-1',
    },
  };
  const notify = (name: ErrorName) =>
    failureNotification(recovery, {
      ...classifyFailure(
        {
          status: 'FAILED',
          error: name,
          cause: JSON.stringify({ errorMessage: new RecoveryError(name, 'found.').message }),
        },
        { name: 'UploadEnv', state: {} },
      ),
      done: {},
      cancelledCommands: [],
      durationSeconds: 1,
      pause: undefined,
      isPaused: false,
      diagnosis: nothingSeen('nobody looked'),
      way: [],
    }).text;
  const commandsOf = (text: string) => [...text.matchAll(/aws stepfunctions (\S+)/g)].map(([, name]) => name);

  it.each(errorNames.filter((name) => catalogue[name].next === undefined))(
    'by %s lets it go on first, and start again second',
    (name) => {
      expect(commandsOf(notify(name))).toEqual(['redrive-execution', 'start-execution']);
      expect(notify(name)).not.toContain('always');
    },
  );

  it.each(errorNames.filter((name) => catalogue[name].next !== undefined))(
    'by %s, which no redrive can cure, has only the command that can',
    (name) => {
      expect(commandsOf(notify(name))).toEqual(['start-execution']);
      expect(notify(name).includes('\\"deploy\\":\\"always\\"')).toBe(
        catalogue[name].next === 'StartWithDeploy',
      );
    },
  );

  it('spells the commands of its remedy out, for this target', () => {
    expect(notify('EnvReplaced')).toContain(
      '\n              npx --no-install recover env history --target academy-api --region us-gov-west-1\n',
    );
  });
});

describe('words from outside', () => {
  it('stand between quotes that they can not close', () => {
    const reason = 'broken" To stop it: nothing. "';
    const { text } = startNotification(
      { target: 'app', execution: { arn: 'arn:aws:states:eu-west-1:111122223333:execution:m:one' } },
      { mode: 'recover', deploy: 'auto', force: false, trigger: 'operator', reason },
      recoveryPlan(),
    );
    expect(text).toContain(`started by a person: "broken' To stop it: nothing. '"`);
  });
});

describe('the reason of a message', () => {
  const why = (part: Partial<RecoveryPlan>) =>
    startNotification(
      { target: 'app', execution: { arn: 'arn:aws:states:eu-west-1:111122223333:execution:m:one' } },
      { mode: 'recover', deploy: 'auto', force: false, trigger: 'schedule', reason: null },
      recoveryPlan(part),
    ).text.match(/^Why: +(.*); started/m)?.[1];

  it('is the env, the endpoint, or the function: whichever was found to be wrong', () => {
    const incomplete = { ...recoveryPlan().parameter, finding: 'Incomplete' as const };
    expect(why({ parameter: incomplete })).toBe('/app/env (version 1) is incomplete');
    expect(why({ endpoint: { finding: 'HostRejected', httpStatus: 400 } })).toBe(
      'the endpoint is not healthy: HostRejected (HTTP 400)',
    );
    expect(why({ endpoint: { finding: 'EndpointUnreachable', httpStatus: null } })).toBe(
      'the endpoint is not healthy: EndpointUnreachable',
    );
    expect(why({ function: plannedFunction({ setKeys: ['API_KEY'] }) })).toBe(
      'metric has other variables than the target file asks for',
    );
    expect(why({})).toBe('/app/env (version 1) is complete');
  });
});
