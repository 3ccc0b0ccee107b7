import * as v from 'valibot';
import { timestamp, wholeNumber } from './fields.ts';

/** The running execution, as the context object describes it. Every state gets it next to its input. */
export const ExecutionRef = v.object({
  arn: v.string(),
  name: v.string(),
  startedAt: timestamp,
  /** How often the execution has been redriven. */
  redriveCount: wholeNumber,
});
export type ExecutionRef = v.InferOutput<typeof ExecutionRef>;
