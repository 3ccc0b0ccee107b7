/** The settings that functions get as environment variables; each function names only those it needs. */
import * as v from 'valibot';
import { EnvContract } from '../../env/contract.ts';
import { envReaders } from '../../env/readers/readers.ts';

/** `A,B,C`, or empty. */
const list = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').filter((item) => item !== '')),
);
const seconds = v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(1));
/** An empty variable stands for a setting that the target doesn't have. */
const optionalText = v.pipe(
  v.optional(v.string(), ''),
  v.transform((text) => (text === '' ? undefined : text)),
);
const url = v.pipe(v.string(), v.url('expected a URL'));

const number = v.pipe(v.string(), v.digits(), v.transform(Number));

/** Where the lease is, and whose it is. */
export const LeaseSettings = v.object({
  LEASE_TABLE: v.string(),
  TARGET: v.string(),
});
export type LeaseSettings = v.InferOutput<typeof LeaseSettings>;

/** When a recovery doesn't start by itself. */
export const PauseSettings = v.object({
  /** After the first recovery in the window; each further one doubles it. */
  COOLDOWN_MINUTES: number,
  /** So many failed ones in the window, and none starts. */
  MAX_FAILURES: v.pipe(number, v.minValue(1)),
  WINDOW_HOURS: v.pipe(number, v.minValue(1)),
});
export type PauseSettings = v.InferOutput<typeof PauseSettings>;

export const TopicSettings = v.object({ TARGET: v.string(), TOPIC_ARN: v.string() });
export type TopicSettings = v.InferOutput<typeof TopicSettings>;

export const ParameterSettings = v.object({
  ENV_PARAMETER: v.string(),
  ENV_READER: v.picklist(envReaders),
});

export const EnvSettings = v.object({
  ...ParameterSettings.entries,
  /** JSON. */
  ENV_CONTRACT: v.pipe(v.string(), v.parseJson(), EnvContract),
});
export type EnvSettings = v.InferOutput<typeof EnvSettings>;

export const UploadSettings = v.object({
  ...LeaseSettings.entries,
  ...EnvSettings.entries,
  BACKUP_PARAMETER: optionalText,
  KMS_KEY_ID: optionalText,
});
export type UploadSettings = v.InferOutput<typeof UploadSettings>;

export const EndpointSettings = v.object({
  ...ParameterSettings.entries,
  ENDPOINT_URL: url,
  /** The Host header to send; empty for the one of the URL. */
  ENDPOINT_HOST: optionalText,
  /** The env key that holds the internal key. */
  INTERNAL_KEY: v.string(),
  /** Where the number is in the JSON answer, e.g. `data.backlog`. */
  BACKLOG_PATH: v.string(),
  /** For one request, connection and body together. */
  REQUEST_TIMEOUT_SECONDS: seconds,
});
export type EndpointSettings = v.InferOutput<typeof EndpointSettings>;

export const VerifySettings = v.object({
  ...EndpointSettings.entries,
  /** How long an unhealthy endpoint is tried again. */
  HEALTHY_WITHIN_SECONDS: seconds,
});
export type VerifySettings = v.InferOutput<typeof VerifySettings>;

/** On which instances the deploy runs. */
export const InstanceSettings = v.object({
  DOCUMENT_NAME: v.string(),
  INSTANCE_IDS: list,
  /** `Key=value`, used if there are no ids. */
  INSTANCE_TAG: optionalText,
});
export type InstanceSettings = v.InferOutput<typeof InstanceSettings>;

export const DeploySettings = v.object({
  ...LeaseSettings.entries,
  ...EnvSettings.entries,
  ...InstanceSettings.entries,
  COMMAND_LOG_GROUP: v.string(),
  DELIVERY_TIMEOUT_SECONDS: seconds,
  /** For one instance. */
  EXECUTION_TIMEOUT_SECONDS: seconds,
});
export type DeploySettings = v.InferOutput<typeof DeploySettings>;

export const AwaitSettings = v.object({
  ...ParameterSettings.entries,
  /** How long one call watches before it hands back to the state machine. */
  WATCH_SECONDS: seconds,
});

/** What the environment of the metric function has to be like. */
export const FunctionSettings = v.object({
  ...ParameterSettings.entries,
  FUNCTION_NAME: v.string(),
  /** JSON: variables with the value to set. */
  FUNCTION_SET: v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string())),
  /** JSON: variables to set to the value of a key of the env parameter. */
  FUNCTION_SET_FROM_ENV: v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string())),
  FUNCTION_REMOVE: list,
});
export type FunctionSettings = v.InferOutput<typeof FunctionSettings>;

export const PatchSettings = v.object({
  ...LeaseSettings.entries,
  ...FunctionSettings.entries,
  UPDATE_WITHIN_SECONDS: seconds,
});
export type PatchSettings = v.InferOutput<typeof PatchSettings>;

export const PlanSettings = v.object({
  ...EnvSettings.entries,
  BACKUP_PARAMETER: optionalText,
  ...InstanceSettings.entries,
  ...FunctionSettings.entries,
  /** `true` if the target asks for an approval. */
  NEEDS_APPROVAL: v.pipe(
    v.picklist(['true', 'false']),
    v.transform((text) => text === 'true'),
  ),
});
export type PlanSettings = v.InferOutput<typeof PlanSettings>;

export const TakeLeaseSettings = v.object({ ...LeaseSettings.entries, ...PauseSettings.entries });
export type TakeLeaseSettings = v.InferOutput<typeof TakeLeaseSettings>;

export const ApprovalSettings = v.object({
  ...LeaseSettings.entries,
  ...TopicSettings.entries,
  APPROVE_WITHIN_MINUTES: number,
});
export type ApprovalSettings = v.InferOutput<typeof ApprovalSettings>;

/** For what ends a run: frees the lease and tells a person. */
export const EndSettings = v.object({ ...LeaseSettings.entries, ...TopicSettings.entries });
export type EndSettings = v.InferOutput<typeof EndSettings>;

export const CloseSettings = v.object({
  ...EndSettings.entries,
  ...PauseSettings.entries,
  DOCUMENT_NAME: v.string(),
});
export type CloseSettings = v.InferOutput<typeof CloseSettings>;

/** Which metric, and how fine. */
export const MetricSelector = v.object({
  METRIC_NAMESPACE: v.string(),
  METRIC_NAME: v.string(),
  /** JSON: dimension names and values. */
  METRIC_DIMENSIONS: v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string())),
  METRIC_PERIOD_SECONDS: seconds,
});
export type MetricSelector = v.InferOutput<typeof MetricSelector>;

export const ConfirmSettings = v.object({
  FUNCTION_NAME: v.string(),
  /** Where the number is in the function's answer. */
  ANSWER_PATH: v.string(),
  ...MetricSelector.entries,
  CONFIRM_WITHIN_SECONDS: seconds,
});
export type ConfirmSettings = v.InferOutput<typeof ConfirmSettings>;

export const MetricSettings = v.object({
  /** The three variables of the function this one replaces. */
  VIDEO_BACKLOG_API_INTERNAL: v.optional(v.string(), ''),
  LAMBDA_INTERNAL_API_KEY: v.optional(v.string(), ''),
  VIDEO_BACKLOG_API_HOST: optionalText,
  AI_QUEUE_NAME: v.string(),
  VIDEO_QUEUE_NAME: v.string(),
  MESSAGING_QUEUE_NAME: v.string(),
  BACKLOG_PATH: v.string(),
  ...MetricSelector.entries,
  REQUEST_TIMEOUT_SECONDS: seconds,
});
export type MetricSettings = v.InferOutput<typeof MetricSettings>;
