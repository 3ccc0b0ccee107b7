/** What serverless.yml puts together for one target: its functions with their roles, and the other resources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import type { DeployedTarget } from '../workflow/target.ts';
import { conditionsOf, resolveConditions } from './conditions.ts';
import { derivedSettings } from './derived-settings.ts';
import { tagsOfServerless, withEverywhere } from './everywhere.ts';
import { functionsOf } from './functions.ts';
import { networkResources } from './network.ts';

const projectDirectory = join(import.meta.dirname, '..');

/** A file of resources/: the resources by logical id. */
const Section = v.record(v.string(), v.looseObject({ Type: v.string() }));

/**
 * @param region of the stack; none for any that is like most.
 * @throws Error if a function's file holds a field or names a permission that isn't known.
 */
export function stackOf(target: DeployedTarget, region = '') {
  const { functions, roles, stateKeys } = functionsOf(target, projectDirectory);
  const conditions = conditionsOf(target);
  const resourcesDirectory = join(projectDirectory, 'resources');
  const resources = readdirSync(resourcesDirectory).map((file) =>
    v.parse(
      Section,
      resolveConditions(parse(readFileSync(join(resourcesDirectory, file), 'utf8')), conditions),
    ),
  );
  const derived = derivedSettings(target, stateKeys);
  const tags = tagsOfServerless(Object.keys(functions), target);
  return {
    /** For `${self:custom.stack.target.…}`. */
    target,
    /** For `${self:custom.stack.derived.…}`: what the target doesn't say in AWS's own words. */
    derived,
    functions,
    resources: withEverywhere(
      Object.assign({}, roles, networkResources(target, region), ...resources),
      target,
    ),
    /** What the resources have besides that Serverless makes. */
    extensions: {
      ...tags,
      RecoverEnv: {
        Properties: {
          ...tags.RecoverEnv?.Properties,
          // The plugin that compiles the state machine accepts no encryption without a key.
          EncryptionConfiguration: derived.executionEncryption,
        },
      },
    },
  };
}
