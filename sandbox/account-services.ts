/** The services that only the CLI calls: who somebody is, what roles may do, and what is scheduled. */
import type { Target } from '../workflow/target.ts';
import type { Service } from './endpoint.ts';
import { rolesOf } from './roles.ts';
import { iamService } from './services/iam.ts';
import { Schedules, schedulerService } from './services/scheduler.ts';
import { identityService } from './services/sts.ts';
import type { ResolvedResource } from './template.ts';

export const accountServices = (
  resources: ReadonlyMap<string, ResolvedResource>,
  target: Target,
): readonly Service[] => [
  identityService(),
  iamService(rolesOf(resources, target)),
  schedulerService(new Schedules()),
];
