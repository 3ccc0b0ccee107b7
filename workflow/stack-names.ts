/** The names of what a target's stack makes, as serverless.yml and resources/ have them too. */

/** Of the stack, and also of its state machine and its topic: `custom.prefix` in serverless.yml. */
export const stackNameOf = (target: string): string => `env-recovery-${target}`;

/** @param key of the function in the stack, e.g. `checkEndpoint`. */
export const functionNameOf = (target: string, key: string): string => `${stackNameOf(target)}-${key}`;

export const leaseTableOf = (target: string): string => `${stackNameOf(target)}-lease`;

export const heartbeatOf = (target: string): string => `${stackNameOf(target)}-heartbeat`;
