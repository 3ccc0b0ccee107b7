/** What IAM says of the roles that the chain goes through. Only `recover doctor` looks. */
import type { Seen } from '../network/seen.ts';
import type { RoleNeed } from './role-needs.ts';

/** What a simulation of IAM says of one action. */
export interface ActionFacts {
  readonly action: string;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** What denies it whatever else allows it: a permissions boundary, a policy. None if there is just no Allow. */
  readonly deniedBy: readonly string[];
  /** Keys of conditions that the decision hangs on, with values that nobody gave. */
  readonly unknownKeys: readonly string[];
}

export interface NeedFacts {
  readonly need: RoleNeed;
  readonly actions: readonly ActionFacts[];
}

export interface RoleFacts {
  readonly arn: string;
  readonly needs: readonly NeedFacts[];
}

export interface RolesFacts {
  /** `role` is `null` for an instance without one. */
  readonly hosts: readonly { readonly instanceId: string; readonly role: Seen<RoleFacts> | null }[];
  /** `null` if its role is not known. */
  readonly metricFunction: Seen<RoleFacts> | null;
  /** Those of the functions that are there. */
  readonly recovery: readonly { readonly functionName: string; readonly role: Seen<RoleFacts> }[];
}
