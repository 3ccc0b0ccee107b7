/**
 * The conditions of resources/*.yml, in CloudFormation's own notation but resolved when packaging: what a target
 * doesn't need is not in its template, and needs no placeholder.
 */
import type { DeployedTarget } from '../workflow/target.ts';

export type Conditions = Readonly<Record<string, boolean>>;

export function conditionsOf({ metric, scaling, triggers, stack }: DeployedTarget): Conditions {
  return {
    HasHeartbeat: triggers.heartbeat,
    HasAlarms: triggers.heartbeat || triggers.alarms.length > 0,
    HasParameterTrigger: triggers.parameterChange,
    HasSchedule: triggers.schedule !== false,
    HasMetricUnit: metric?.unit !== undefined,
    HasScalingPolicy: scaling?.policy !== undefined,
    HasStackKey: stack.kmsKeyArn !== undefined,
  };
}

const absent = Symbol('AWS::NoValue');

/**
 * A section of a template without its conditions: resources whose `Condition` doesn't hold are left out, `Fn::If` is
 * replaced by the branch that applies, and whatever is `AWS::NoValue` after that is left out.
 *
 * @throws Error if a condition isn't known.
 */
export function resolveConditions(section: unknown, conditions: Conditions): unknown {
  const holds = (name: unknown): boolean => {
    if (typeof name === 'string' && Object.hasOwn(conditions, name)) return conditions[name] === true;
    throw new Error(`resources/: the condition ${String(name)} is not one of ${Object.keys(conditions)}`);
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== absent);
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value && value.Ref === 'AWS::NoValue') return absent;
    if ('Fn::If' in value && Array.isArray(value['Fn::If'])) {
      const [name, yes, no] = value['Fn::If'];
      return resolve(holds(name) ? yes : no);
    }
    const isResource = 'Type' in value && 'Condition' in value;
    if (isResource && !holds(value.Condition)) return absent;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => !(isResource && key === 'Condition'))
        .map(([key, item]) => [key, resolve(item)] as const)
        .filter(([, item]) => item !== absent),
    );
  };
  return resolve(section);
}
