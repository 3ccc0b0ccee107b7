/** The environment variables of the functions: what only CloudFormation knows. Each function picks its own. */
import * as v from 'valibot';

const Resources = v.object({
  LEASE_TABLE: v.string(),
  TOPIC_ARN: v.string(),
  DEPLOY_DOCUMENT: v.string(),
  DEPLOY_LOG_GROUP: v.string(),
});

export const NoResources = v.object({});
export const LeaseResources = v.pick(Resources, ['LEASE_TABLE']);
export const TopicResources = v.pick(Resources, ['TOPIC_ARN']);
/** For what ends a run: it frees the lease and tells a person. */
export const EndResources = v.pick(Resources, ['LEASE_TABLE', 'TOPIC_ARN']);
export const DeployResources = v.pick(Resources, ['LEASE_TABLE', 'DEPLOY_DOCUMENT', 'DEPLOY_LOG_GROUP']);
export const CloseResources = v.pick(Resources, ['LEASE_TABLE', 'TOPIC_ARN', 'DEPLOY_DOCUMENT']);
export const PlanResources = v.pick(Resources, ['DEPLOY_DOCUMENT']);
