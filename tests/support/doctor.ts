/** `recover doctor` on a chain of its own for each test, held to it that it only looks and shows no value. */
import * as v from 'valibot';
import type { TestAws } from './aws.ts';
import { recover } from './cli.ts';
import { type ChainOptions, openChain } from './healthy-chain.ts';

const Report = v.object({
  state: v.picklist(['ok', 'broken', 'unknown']),
  diagnosis: v.string(),
  causes: v.array(
    v.object({
      code: v.string(),
      link: v.string(),
      look: v.string(),
      fix: v.array(v.string()),
      note: v.optional(v.string()),
    }),
  ),
  links: v.array(
    v.object({
      link: v.string(),
      state: v.string(),
      findings: v.array(v.object({ code: v.string(), says: v.string(), followsFrom: v.array(v.string()) })),
    }),
  ),
});

export type Look = v.InferOutput<typeof Report> & { readonly exitCode: number | null; readonly text: string };

export const statesOf = ({ links }: Look) =>
  Object.fromEntries(links.map(({ link, state }) => [link, state]));

export const causesOf = ({ causes }: Look) => causes.map(({ code }) => code);

/** The codes of what follows from something else. */
export const followersOf = ({ links }: Look) =>
  links.flatMap(({ findings }) =>
    findings.filter(({ followsFrom }) => followsFrom.length > 0).map(({ code }) => code),
  );

/** What the doctor prints to put it right, each command once. */
export const commandsOf = ({ causes }: Look) => [...new Set(causes.flatMap(({ fix }) => fix))];

export function useDoctor() {
  let aws: TestAws;
  let shown: string;

  afterEach(async () => {
    await aws.close();
    // Every secret value there is begins so, in all versions and in the function. None may be shown, whatever is broken.
    expect(shown).not.toBe('');
    expect(shown).not.toContain('canary');
  });

  return {
    aws: () => aws,
    open: async (options?: ChainOptions) => {
      aws = await openChain(options);
      shown = '';
    },
    doctor: async (): Promise<Look> => {
      const since = aws.endpoint.calls.length;
      const { exitCode, stdout, stderr } = await recover(aws.endpoint.url, ['doctor', '--json']);
      shown += stdout + stderr;
      const calls = aws.endpoint.calls.slice(since).map(({ operation }) => operation);
      expect(calls.filter((operation) => !/^(Get|List|Describe|Simulate)/.test(operation))).toEqual([]);
      const report = v.parse(v.pipe(v.string(), v.parseJson(), Report), stdout);
      return { exitCode, text: stderr, ...report };
    },
    /** A command line as a person sees it, with what is broken before there is a report. */
    fail: async (): Promise<{ readonly exitCode: number | null; readonly stderr: string }> => {
      const { exitCode, stdout, stderr } = await recover(aws.endpoint.url, ['doctor']);
      shown += stdout + stderr;
      return { exitCode, stderr };
    },
  };
}
