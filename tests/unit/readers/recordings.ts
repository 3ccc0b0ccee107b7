/** What record.ts has kept of the real readers' answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { EnvReader } from '../../../env/readers/readers.ts';

const Recording = v.object({
  origin: v.string(),
  answers: v.array(
    v.object({
      text: v.string(),
      values: v.optional(v.record(v.string(), v.string())),
      complained: v.boolean(),
    }),
  ),
});
export type RecordedAnswer = v.InferOutput<typeof Recording>['answers'][number];

/** The names of a reader's recordings: of its newest version, and of older ones that read some texts otherwise. */
export function recordingsOf(reader: EnvReader): readonly string[] {
  return reader === 'python-dotenv' ? [reader, 'python-dotenv-1.2.2'] : [reader];
}

/** In the order of the texts. */
export function answersOf(recording: string): readonly RecordedAnswer[] {
  return v.parse(Recording, JSON.parse(readFileSync(join(import.meta.dirname, `${recording}.json`), 'utf8')))
    .answers;
}
