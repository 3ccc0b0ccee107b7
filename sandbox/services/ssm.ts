/** Parameter Store, and the way to Run Command. The rules are those of the API reference of Systems Manager. */
import * as v from 'valibot';
import { userArn } from '../callers.ts';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { arn } from '../template.ts';
import { makeEvent, type ServiceEvent } from './eventbridge.ts';
import { refuseLostKey, refuseValue, shownValue } from './parameter-value.ts';
import { getParametersByPath } from './parameters-below.ts';
import type { RunCommand } from './run-command.ts';

interface StoredVersion {
  readonly Version: number;
  readonly Value: string;
  readonly Type: string;
  readonly KeyId: string | undefined;
  readonly Description: string | undefined;
  readonly AllowedPattern: string | undefined;
  readonly Tier: 'Standard' | 'Advanced';
  readonly LastModifiedDate: Date;
  /** An ARN on AWS; other implementations of this API may tell none. */
  readonly LastModifiedUser: string | undefined;
  readonly Labels: readonly string[];
}

const sizeLimitBytes = { Standard: 4096, Advanced: 8192 };
const [maxVersions, maxLabels] = [100, 10];

const PutParameter = v.object({
  Name: v.string(),
  Value: v.string(),
  Type: v.optional(v.picklist(['String', 'StringList', 'SecureString'])),
  KeyId: v.optional(v.string()),
  Description: v.optional(v.string()),
  AllowedPattern: v.optional(v.string()),
  Overwrite: v.optional(v.boolean(), false),
  Tier: v.optional(v.picklist(['Standard', 'Advanced', 'Intelligent-Tiering'])),
});

export class ParameterStore {
  readonly #parameters = new Map<string, StoredVersion[]>();
  /** KMS keys that are gone, by the id with which versions were encrypted; each with the error that SSM gives then. */
  readonly lostKeys = new Map<string, 'InvalidKeyId' | 'AccessDeniedException'>();
  readonly #onChange: (event: ServiceEvent) => void;
  #isQuiet = false;

  /** @param onChange gets the event of each change, a moment after it. */
  constructor(onChange: (event: ServiceEvent) => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Changes things without events, as if they had been so before anybody listened. */
  quietly(change: () => void): void {
    this.#isQuiet = true;
    try {
      change();
    } finally {
      this.#isQuiet = false;
    }
  }

  #tell(
    operation: 'Create' | 'Update' | 'Delete' | 'LabelParameterVersion',
    name: string,
    { Type, Description }: Pick<StoredVersion, 'Type' | 'Description'>,
  ): void {
    if (this.#isQuiet) return;
    const event = makeEvent('aws.ssm', 'Parameter Store Change', [arnOf(name)], {
      operation,
      name,
      type: Type,
      ...(Description === undefined ? {} : { description: Description }),
    });
    setImmediate(() => this.#onChange(event));
  }

  /** @param modifiedBy the ARN of whoever writes; `null` if it isn't told. */
  put(
    input: v.InferInput<typeof PutParameter>,
    modifiedBy: string | null = userArn,
  ): { Version: number; Tier: string } {
    const { Name, Value, Type, KeyId, Description, AllowedPattern, Overwrite, Tier } = v.parse(
      PutParameter,
      input,
    );
    const versions = this.#parameters.get(Name) ?? [];
    const latest = versions.at(-1);
    if (latest && !Overwrite) throw new AwsError('ParameterAlreadyExists', 'The parameter already exists.');
    if (!latest && !Type) throw new AwsError('ValidationException', 'A parameter type is required.');
    if (Value === '')
      throw new AwsError('ValidationException', 'Value must have length greater than or equal to 1');
    const sizeBytes = Buffer.byteLength(Value);
    // Intelligent-Tiering moves up to Advanced when the value needs it, and never down again.
    const wanted = Tier === 'Intelligent-Tiering' || Tier === undefined ? latest?.Tier : Tier;
    const tier =
      sizeBytes > sizeLimitBytes.Standard && Tier === 'Intelligent-Tiering'
        ? 'Advanced'
        : (wanted ?? 'Standard');
    if (latest?.Tier === 'Advanced' && tier === 'Standard')
      throw new AwsError(
        'ValidationException',
        'An advanced parameter can not be turned into a standard one.',
      );
    if (sizeBytes > sizeLimitBytes[tier])
      throw new AwsError(
        'ValidationException',
        `${tier} tier parameters support a maximum parameter value of ${sizeLimitBytes[tier]} characters.`,
      );
    const type = Type ?? latest?.Type ?? 'String';
    const keyId = type === 'SecureString' ? (KeyId ?? latest?.KeyId ?? 'alias/aws/ssm') : undefined;
    refuseLostKey(keyId, this.lostKeys);
    if (versions.length >= maxVersions) {
      const [oldest] = versions;
      if (oldest && oldest.Labels.length > 0)
        throw new AwsError(
          'ParameterMaxVersionLimitExceeded',
          'The oldest version has a label and can not be deleted.',
        );
      versions.shift();
    }
    const version: StoredVersion = {
      Version: (latest?.Version ?? 0) + 1,
      Value,
      Type: type,
      KeyId: keyId,
      Description,
      AllowedPattern,
      Tier: tier,
      LastModifiedDate: new Date(),
      LastModifiedUser: modifiedBy ?? undefined,
      Labels: [],
    };
    this.#parameters.set(Name, [...versions, version]);
    this.#tell(latest ? 'Update' : 'Create', Name, version);
    return { Version: version.Version, Tier: tier };
  }

  /** Does nothing if there is no such parameter. */
  delete(name: string): void {
    const latest = this.#parameters.get(name)?.at(-1);
    if (!latest) return;
    this.#parameters.delete(name);
    this.#tell('Delete', name, latest);
  }

  /** Puts labels on a version, and takes them off any other. Returns those that are not valid labels. */
  label(name: string, wanted: number | undefined, labels: readonly string[]): readonly string[] {
    const { Version, ...labelledVersion } = this.get(wanted === undefined ? name : `${name}:${wanted}`);
    const versions = this.#parameters.get(name) ?? [];
    const valid = labels.filter((label) => /^(?!aws|ssm)[A-Za-z_.-][A-Za-z0-9_.-]{0,99}$/i.test(label));
    const labelled = new Set([...(versions.find((one) => one.Version === Version)?.Labels ?? []), ...valid]);
    if (labelled.size > maxLabels)
      throw new AwsError('ParameterVersionLabelLimitExceeded', `A version has at most ${maxLabels} labels.`);
    this.#parameters.set(
      name,
      versions.map((one) => ({
        ...one,
        Labels:
          one.Version === Version ? [...labelled] : one.Labels.filter((label) => !valid.includes(label)),
      })),
    );
    if (valid.length > 0) this.#tell('LabelParameterVersion', name, labelledVersion);
    return labels.filter((label) => !valid.includes(label));
  }

  /** Takes labels off a version. */
  unlabel(name: string, wanted: number, labels: readonly string[]): readonly string[] {
    const { Labels } = this.get(`${name}:${wanted}`);
    const versions = this.#parameters.get(name) ?? [];
    this.#parameters.set(
      name,
      versions.map((one) =>
        one.Version === wanted
          ? { ...one, Labels: one.Labels.filter((label) => !labels.includes(label)) }
          : one,
      ),
    );
    return labels.filter((label) => Labels.includes(label));
  }

  /** @param selector a name, `name:version` or `name:label`. */
  get(selector: string): StoredVersion & { Name: string } {
    const [Name = '', wanted] = selector.split(':');
    const versions = this.#versions(Name);
    const version =
      wanted === undefined
        ? versions.at(-1)
        : versions.find((one) => String(one.Version) === wanted || one.Labels.includes(wanted));
    if (!version) throw new AwsError('ParameterVersionNotFound', '');
    return { Name, ...version };
  }

  history(Name: string): (StoredVersion & { Name: string })[] {
    return this.#versions(Name).map((version) => ({ Name, ...version }));
  }

  names(): string[] {
    return [...this.#parameters.keys()].sort();
  }

  #versions(name: string): StoredVersion[] {
    const versions = this.#parameters.get(name);
    if (!versions) throw new AwsError('ParameterNotFound', '');
    return versions;
  }
}

const arnOf = (name: string, region?: string) => arn('ssm', `parameter/${name.replace(/^\//, '')}`, region);

/** @param region of the ARNs, by default the sandbox's own. */
export function ssmService(store: ParameterStore, runCommand: RunCommand, region?: string): Service {
  return {
    targetPrefix: 'AmazonSSM',
    operations: {
      PutParameter: operation(PutParameter, (input, callerArn) => {
        refuseValue(input);
        return store.put(input, callerArn);
      }),

      GetParameter: operation(
        v.object({ Name: v.string(), WithDecryption: v.optional(v.boolean(), false) }),
        ({ Name: selector, WithDecryption }) => {
          const version = store.get(selector);
          const { Name, Type, Version, LastModifiedDate } = version;
          return {
            Parameter: {
              Name,
              Type,
              Version,
              LastModifiedDate,
              Value: shownValue(version, WithDecryption, store.lostKeys),
              ARN: arnOf(Name, region),
              DataType: 'text',
            },
          };
        },
      ),

      GetParametersByPath: getParametersByPath(store, (name) => arnOf(name, region)),

      GetParameterHistory: operation(
        v.object({
          Name: v.string(),
          WithDecryption: v.optional(v.boolean(), false),
          MaxResults: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(50)), 50),
          NextToken: v.optional(v.string(), '0'),
        }),
        ({ Name, WithDecryption, MaxResults, NextToken }) => {
          const start = Number(NextToken);
          const versions = store.history(Name);
          return {
            Parameters: versions.slice(start, start + MaxResults).map((version) => ({
              ...version,
              DataType: 'text',
              Value: shownValue(version, WithDecryption, store.lostKeys),
            })),
            NextToken: start + MaxResults < versions.length ? String(start + MaxResults) : undefined,
          };
        },
      ),

      LabelParameterVersion: operation(
        v.object({
          Name: v.string(),
          ParameterVersion: v.optional(v.number()),
          Labels: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(maxLabels)),
        }),
        ({ Name, ParameterVersion, Labels }) => ({
          InvalidLabels: store.label(Name, ParameterVersion, Labels),
          ParameterVersion: ParameterVersion ?? store.get(Name).Version,
        }),
      ),

      UnlabelParameterVersion: operation(
        v.object({
          Name: v.string(),
          ParameterVersion: v.number(),
          Labels: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(maxLabels)),
        }),
        ({ Name, ParameterVersion, Labels }) => {
          const RemovedLabels = store.unlabel(Name, ParameterVersion, Labels);
          return { RemovedLabels, InvalidLabels: Labels.filter((label) => !RemovedLabels.includes(label)) };
        },
      ),

      DeleteParameter: operation(v.object({ Name: v.string() }), ({ Name }) => {
        store.get(Name);
        store.delete(Name);
        return {};
      }),

      ...runCommand.operations,
    },
  };
}
