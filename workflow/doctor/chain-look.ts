/** What is asked of the function with the doctor, and what it answers. */
import * as v from 'valibot';
import { RecoveryState } from '../chain.ts';
import type { DeployedTarget } from '../target.ts';
import { DiagnosisSummary, nothingSeen } from './summary.ts';
import { notLooked, WayFinding } from './way.ts';

export const ChainQuestion = v.object({
  /** It tells where the target is. */
  executionArn: v.string(),
  /** What the states have seen of the endpoint and done to it. */
  state: v.pick(RecoveryState, ['check', 'deployment', 'endpoint']),
  /** What `VerifyEndpoint` failed by, if it did. */
  failedBy: v.exactOptional(v.string()),
});
export type ChainQuestion = v.InferOutput<typeof ChainQuestion>;

export const ChainLook = v.object({
  diagnosis: DiagnosisSummary,
  /** The way from the recovery's own functions to the endpoint; none if they are in no VPC. */
  way: v.array(WayFinding),
});
export type ChainLook = v.InferOutput<typeof ChainLook>;

/** If nobody could look at anything. */
export const unseenChain = (target: Pick<DeployedTarget, 'vpc'>, why: string): ChainLook => ({
  diagnosis: nothingSeen(why),
  way: target.vpc ? [notLooked(why)] : [],
});
