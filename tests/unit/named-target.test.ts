/** A stack is deployed or removed only for a target that somebody has named. */
import { refusalOf } from '../../stack/named-target.ts';

it.each(['deploy', 'remove'])('npm run %s refuses to guess a target, and says how to name it', (command) => {
  for (const rest of [[], ['--region', 'eu-west-1'], ['--param', 'targets=../mine'], ['--param', 'target=']])
    expect(refusalOf([command, ...rest])).toBe(
      `Say which target: npm run ${command} -- --param target=<name> --region <region>. Nothing was changed.`,
    );
});

it.each([
  [['deploy', '--param', 'target=shop', '--region', 'eu-west-1']],
  [['remove', '--param=target=shop']],
  [['deploy', '--param', 'targets=../mine', '--param', 'target=shop']],
  [['remove', '--help']],
  [['package']],
  [['print', '--param', 'target=shop']],
])('%j runs', (commandLine) => {
  expect(refusalOf(commandLine)).toBeUndefined();
});
