/**
 * A compiled CloudFormation template with its references resolved, as far as this project's template needs it: the
 * intrinsic functions and pseudo parameters that it uses, and the names and ARNs that its resources get.
 */
import * as v from 'valibot';

export const region = 'ap-northeast-2';
export const accountId = '111122223333';

const Resource = v.object({
  Type: v.string(),
  Condition: v.optional(v.string()),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
});
const Condition = v.record(v.string(), v.unknown());
const Template = v.object({
  Conditions: v.optional(v.record(v.string(), v.unknown()), {}),
  Resources: v.record(v.string(), Resource),
});

export interface ResolvedResource {
  readonly logicalId: string;
  readonly type: string;
  /** What `Ref` gives. */
  readonly ref: string;
  readonly arn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * What `Ref` and `Fn::GetAtt … Arn` give for each resource type, and the property with its name, which is an
 * attribute as well.
 */
const naming: Record<
  string,
  { name?: string; ref?: (name: string) => string; arn: (name: string) => string; arnAttribute?: string }
> = {
  'AWS::Lambda::Function': { name: 'FunctionName', arn: (name) => arn('lambda', `function:${name}`) },
  'AWS::StepFunctions::StateMachine': {
    name: 'StateMachineName',
    ref: (name) => arn('states', `stateMachine:${name}`),
    arn: (name) => arn('states', `stateMachine:${name}`),
  },
  'AWS::SQS::Queue': {
    name: 'QueueName',
    ref: (name) => `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
    arn: (name) => arn('sqs', name),
  },
  'AWS::SNS::Topic': {
    name: 'TopicName',
    ref: (name) => arn('sns', name),
    arn: (name) => arn('sns', name),
    arnAttribute: 'TopicArn',
  },
  'AWS::DynamoDB::Table': { name: 'TableName', arn: (name) => arn('dynamodb', `table/${name}`) },
  'AWS::Logs::LogGroup': { name: 'LogGroupName', arn: (name) => arn('logs', `log-group:${name}:*`) },
  'AWS::IAM::Role': { name: 'RoleName', arn: (name) => `arn:aws:iam::${accountId}:role/${name}` },
  'AWS::Events::Rule': { name: 'Name', arn: (name) => arn('events', `rule/${name}`) },
  // Nothing looks its id up here: it only has to have one.
  'AWS::EC2::SecurityGroup': { arn: (name) => arn('ec2', `security-group/${name}`), arnAttribute: 'GroupId' },
  'AWS::SSM::Document': { name: 'Name', arn: (name) => arn('ssm', `document/${name}`) },
  'AWS::CloudWatch::Alarm': { name: 'AlarmName', arn: (name) => arn('cloudwatch', `alarm:${name}`) },
};

/** The ARN of a resource in the sandbox's account, by default in its own region. */
export function arn(service: string, resource: string, inRegion = region): string {
  return `arn:aws:${service}:${inRegion}:${accountId}:${resource}`;
}

const pseudoParameters: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': region,
  'AWS::AccountId': accountId,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'sandbox',
};

/** @throws Error on an intrinsic function or a reference that isn't known here. */
export function resolveTemplate(json: string): ReadonlyMap<string, ResolvedResource> {
  const template = v.parse(Template, JSON.parse(json));

  const names = new Map<string, { ref: string; arn: string; attributes: Record<string, string> }>();
  for (const [logicalId, { Type, Properties }] of Object.entries(template.Resources)) {
    const rule = naming[Type];
    const given = rule?.name === undefined ? undefined : Properties[rule.name];
    const name = typeof given === 'string' ? given : logicalId;
    const resourceArn = rule?.arn(name) ?? arn('unknown', name);
    names.set(logicalId, {
      ref: rule?.ref?.(name) ?? name,
      arn: resourceArn,
      attributes: {
        [rule?.arnAttribute ?? 'Arn']: resourceArn,
        ...(rule?.name === undefined ? {} : { [rule.name]: name }),
      },
    });
  }

  const lookUp = (reference: string): string => {
    const [logicalId = '', attribute] = reference.split('.');
    const known = names.get(logicalId);
    const found =
      pseudoParameters[reference] ?? (attribute === undefined ? known?.ref : known?.attributes[attribute]);
    if (found === undefined) throw new Error(`the template refers to ${reference}, which it does not define`);
    return found;
  };

  const noValue = Symbol('AWS::NoValue');
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== noValue);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [key, argument] = entries[0] ?? [];
    if (entries.length !== 1 || key === undefined || !(key === 'Ref' || key.startsWith('Fn::'))) {
      return Object.fromEntries(
        entries.map(([name, item]) => [name, resolve(item)] as const).filter(([, item]) => item !== noValue),
      );
    }
    switch (key) {
      case 'Ref':
        return argument === 'AWS::NoValue' ? noValue : lookUp(v.parse(v.string(), argument));
      case 'Fn::GetAtt':
        return lookUp(v.parse(v.array(v.string()), argument).join('.'));
      case 'Fn::Join': {
        const [separator, items] = v.parse(v.tuple([v.string(), v.array(v.unknown())]), argument);
        return items.map(resolve).join(separator);
      }
      case 'Fn::Sub': {
        const [text, variables] =
          typeof argument === 'string'
            ? [argument, {}]
            : v.parse(v.tuple([v.string(), v.record(v.string(), v.unknown())]), argument);
        return text.replaceAll(/\$\{([^}!]+)\}/g, (_, name: string) =>
          Object.hasOwn(variables, name) ? String(resolve(variables[name])) : lookUp(name),
        );
      }
      case 'Fn::If': {
        const [condition, yes, no] = v.parse(v.tuple([v.string(), v.unknown(), v.unknown()]), argument);
        return resolve(holds(condition) ? yes : no);
      }
      default:
        throw new Error(`the template uses ${key}, which the sandbox does not know`);
    }
  };

  const holds = (name: string): boolean => {
    if (!Object.hasOwn(template.Conditions, name))
      throw new Error(`the template refers to the condition ${name}, which it does not define`);
    return evaluate(template.Conditions[name]);
  };
  const evaluate = (condition: unknown): boolean => {
    const [[key, argument] = [], ...more] = Object.entries(v.parse(Condition, condition));
    const all = () => v.parse(v.array(v.unknown()), argument).map(evaluate);
    switch (more.length === 0 ? key : undefined) {
      case 'Condition':
        return holds(v.parse(v.string(), argument));
      case 'Fn::And':
        return all().every(Boolean);
      case 'Fn::Or':
        return all().some(Boolean);
      case 'Fn::Not':
        return !evaluate(v.parse(v.tuple([v.unknown()]), argument)[0]);
      case 'Fn::Equals': {
        const [one, other] = v.parse(v.tuple([v.unknown(), v.unknown()]), argument).map(resolve);
        return one === other;
      }
      default:
        throw new Error(`the template uses ${key} in a condition, which the sandbox does not know`);
    }
  };

  const resources = new Map<string, ResolvedResource>();
  for (const [logicalId, { Type, Condition, Properties }] of Object.entries(template.Resources)) {
    if (Condition !== undefined && !holds(Condition)) continue;
    const properties = v.parse(v.record(v.string(), v.unknown()), resolve(Properties));
    const { ref, arn } = names.get(logicalId) ?? { ref: logicalId, arn: logicalId };
    resources.set(logicalId, { logicalId, type: Type, ref, arn, properties });
  }
  return resources;
}

/** The resources of one type, with their properties parsed. */
export function resourcesOf<Schema extends v.GenericSchema>(
  resources: ReadonlyMap<string, ResolvedResource>,
  type: string,
  schema: Schema,
): {
  readonly logicalId: string;
  readonly ref: string;
  readonly arn: string;
  readonly properties: v.InferOutput<Schema>;
}[] {
  return [...resources.values()]
    .filter((resource) => resource.type === type)
    .map(({ logicalId, ref, arn, properties }) => ({
      logicalId,
      ref,
      arn,
      properties: v.parse(schema, properties),
    }));
}
