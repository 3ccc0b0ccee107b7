/** The versions and aliases of one function of Lambda. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError } from '../endpoint.ts';
import type { FunctionConfiguration } from '../function-thread.ts';

/** The version that changes. */
export const latest = '$LATEST';

/** What a version keeps of `$LATEST`. */
export interface FunctionSnapshot {
  readonly codeSha256: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly revisionId: string;
  readonly modifiedAt: Date;
  readonly configuration: FunctionConfiguration;
}

export const RoutingConfig = v.object({
  AdditionalVersionWeights: v.optional(v.record(v.string(), v.number()), {}),
});

interface Alias {
  readonly FunctionVersion: string;
  readonly RoutingConfig?: v.InferOutput<typeof RoutingConfig>;
  readonly RevisionId: string;
}

/** The fields of an alias that a call gives. */
interface AliasChange {
  readonly FunctionVersion?: string | undefined;
  readonly RoutingConfig?: v.InferOutput<typeof RoutingConfig> | undefined;
}

/**
 * The parts of a name, a partial ARN or an ARN: `metric`, `metric:live`, `111122223333:function:metric`,
 * `arn:aws:lambda:…:function:metric:3`.
 */
export function readFunctionName(text: string): { readonly name: string; readonly qualifier?: string } {
  const [name = '', qualifier] = text.replace(/^(arn:.*:|\d{12}:)function:/, '').split(':');
  return { name, ...(qualifier === undefined ? {} : { qualifier }) };
}

export class FunctionVersions {
  readonly #arn: string;
  readonly #pendingMilliseconds: number;
  readonly #versions = new Map<string, FunctionSnapshot & { readonly publishedAt: number }>();
  readonly #aliases = new Map<string, Alias>();

  constructor(functionArn: string, pendingMilliseconds = 0) {
    this.#arn = functionArn;
    this.#pendingMilliseconds = pendingMilliseconds;
  }

  /** The version that a qualifier means. */
  resolve(qualifier: string): string {
    return this.#aliases.get(qualifier)?.FunctionVersion ?? qualifier;
  }

  /** @throws AwsError if there is no such version. */
  find(version: string): FunctionSnapshot {
    const found = this.#versions.get(version);
    if (!found)
      throw new AwsError('ResourceNotFoundException', `Function not found: ${this.#arn}:${version}`, 404);
    return found;
  }

  isPending(snapshot: FunctionSnapshot): boolean {
    const published = [...this.#versions.values()].find((one) => one === snapshot);
    return published !== undefined && Date.now() < published.publishedAt + this.#pendingMilliseconds;
  }

  /** @returns the newest version, if nothing has changed since it was published. */
  publish({ codeSha256, variables, configuration }: FunctionSnapshot): string {
    const newest = this.#versions.get(String(this.#versions.size));
    const isSame =
      newest?.codeSha256 === codeSha256 && JSON.stringify(newest.variables) === JSON.stringify(variables);
    if (!isSame)
      this.#versions.set(String(this.#versions.size + 1), {
        codeSha256,
        variables,
        configuration,
        revisionId: randomUUID(),
        modifiedAt: new Date(),
        publishedAt: Date.now(),
      });
    return String(this.#versions.size);
  }

  aliases() {
    return [...this.#aliases.keys()].map((name) => this.alias(name));
  }

  /** @throws AwsError if there is no such alias. */
  alias(name: string) {
    const alias = this.#aliases.get(name);
    if (!alias)
      throw new AwsError('ResourceNotFoundException', `Cannot find alias arn: ${this.#arn}:${name}`, 404);
    return { AliasArn: `${this.#arn}:${name}`, Name: name, Description: '', ...alias };
  }

  /** What is not there stays so. */
  deleteAlias(name: string): void {
    this.#aliases.delete(name);
  }

  /** Makes an alias, or changes those of its fields that are given. */
  putAlias(name: string, change: AliasChange) {
    const { FunctionVersion = this.#aliases.get(name)?.FunctionVersion ?? latest } = change;
    if (FunctionVersion !== latest) this.find(FunctionVersion);
    const RoutingConfig = change.RoutingConfig ?? this.#aliases.get(name)?.RoutingConfig;
    this.#aliases.set(name, {
      FunctionVersion,
      ...(RoutingConfig ? { RoutingConfig } : {}),
      RevisionId: randomUUID(),
    });
    return this.alias(name);
  }
}
