/** What `recover doctor` has looked at. No value of the env is in it: names, versions, times and states only. */
import type { Dimensions } from '../dimensions.ts';
import type { EndpointFault } from '../endpoint-fault.ts';
import type { HeaderKeyState } from '../endpoint-request.ts';
import type { PathAnalysis } from '../network/analysis.ts';
import type { AddressOwner, FunctionNetwork, InstanceFacts, VpcFacts } from '../network/facts.ts';
import type { Seen } from '../network/seen.ts';
import type { RolesFacts } from './role-facts.ts';

/** The newest version of the parameter; `version` 0 if there is none. */
export interface EnvFacts {
  readonly version: number;
  /** Why its text can't be read; `null` if it can. */
  readonly unreadable: string | null;
  /** ISO timestamp; `null` if it isn't known. */
  readonly modifiedAt: string | null;
  /** As short as it still says who; `null` if it isn't told. */
  readonly modifiedBy: string | null;
  readonly isByRecovery: boolean;
  /** Who else wrote one of the versions before it that there still are, newest first. */
  readonly otherWriters: readonly string[];
  readonly keyCount: number;
  /** What a restore fills in, and what a person has to correct, each in a few words. */
  readonly gaps: readonly string[];
  readonly mistakes: readonly string[];
  /** The keys whose values these are about; a line that nobody can read has none. */
  readonly mistakenKeys: readonly string[];
  readonly knownGoodVersion: number | null;
  /** What it has lost of the known-good version though nobody has said that it may go: the predicate of a sentence. */
  readonly loss: string | null;
  /** The keys that are sent in headers. */
  readonly headerKeys: Readonly<Record<string, HeaderKeyState>>;
  /** Whether ALLOWED_HOSTS has the Host of the requests; `null` if the text has no such key. */
  readonly allowsHost: boolean | null;
}

export interface AgentFacts {
  readonly instanceId: string;
  /** `Online`, `ConnectionLost` or `Inactive`. */
  readonly pingStatus: string;
  readonly lastPingAt: string | null;
}

/** What the endpoint answers from here, without the keys; or what it answered the recovery, with them. */
export interface AnswerFacts {
  /** `undefined` if it answered as an API does that is asked without its key. */
  readonly fault: EndpointFault | undefined;
  /** `HTTP 404`, or how the connection failed. */
  readonly detail: string;
  /** Whether the address is one that other networks have too: it may be another machine that answers here. */
  readonly isPrivate: boolean;
  /** Whether it answered the recovery, which is where the endpoint can be seen. */
  readonly isInside?: true;
}

export interface FunctionFacts {
  readonly state: string;
  readonly stateReason: string | null;
  readonly updateStatus: string;
  readonly updateReason: string | null;
  /** Names of variables that are not as the target asks: to set, and to remove. */
  readonly wrongVariables: readonly string[];
  readonly extraVariables: readonly string[];
  readonly roleArn: string | null;
}

/** The function as it was found; the other two are what Lambda answers instead. */
export type FunctionFinding = FunctionFacts | 'NotFound' | 'EnvUnreadable';

/** A rule of EventBridge that has the function as a target. */
export interface CallerFacts {
  readonly rule: string;
  /** The alias that it invokes; absent if it invokes the function without one. */
  readonly alias?: string;
  readonly isEnabled: boolean;
  readonly schedule: string | null;
}

/** All that a schedule of EventBridge Scheduler has, if it has nothing but this. */
export interface ScheduleUpdate {
  readonly expression: string;
  readonly timezone: string;
  /** Of how many minutes; `null` if it is off. */
  readonly window: number | null;
  readonly targetArn: string;
  readonly roleArn: string;
  readonly deadLetterArn: string | null;
  readonly retries: { readonly maximumAgeSeconds: number; readonly attempts: number };
}

/** A schedule of EventBridge Scheduler that invokes the function. */
export interface ScheduleFacts {
  readonly name: string;
  readonly group: string;
  readonly alias?: string;
  /** `Over`: its end date has passed. */
  readonly state: 'Enabled' | 'Disabled' | 'Over';
  readonly schedule: string;
  /** With which it invokes the function. */
  readonly roleArn: string | null;
  /** `null` if it has more, which an update has to keep. */
  readonly update: ScheduleUpdate | null;
}

export interface SchedulesFacts {
  readonly schedules: readonly ScheduleFacts[];
  /** Whether all schedules of the region were looked at. */
  readonly isWhole: boolean;
}

/** The network of a function, and where the API is in it. */
export interface NetworkLook {
  /** Whose: `the metric function`, `the recovery`. */
  readonly who: string;
  /** Whether the recovery's own functions are there. */
  readonly isOfRecovery: boolean;
  /** As the names of their endpoints have it, e.g. `monitoring`. */
  readonly services: readonly string[];
  /** What the host's name resolves to; none if nobody here knows it. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly found: Seen<{
    readonly caller: FunctionNetwork;
    readonly vpc: VpcFacts;
    readonly owners: ReadonlyMap<string, Seen<AddressOwner>>;
  }>;
}

export interface NetworkFacts {
  /** Whether the metric function is in a VPC; `null` if nobody could look, or there is none. */
  readonly isInVpc: boolean | null;
  /** Whether the endpoint has an address that only leads somewhere within a network. */
  readonly isPrivate: boolean;
  readonly looks: readonly NetworkLook[];
}

/** What Reachability Analyzer says of the way from a function to an address of the endpoint. */
export interface AnalysisFacts {
  /** As in the look at the network. */
  readonly who: string;
  readonly address: string;
  readonly port: number;
  readonly result: Seen<PathAnalysis>;
  /** Commands that delete what was created for it, and could not be deleted. */
  readonly leftovers: readonly string[];
}

export interface MetricRef {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

export interface AlarmFacts {
  readonly name: string;
  readonly state: string;
  readonly stateSince: string | null;
  readonly actionsEnabled: boolean;
  /** One, or those of its metric math. */
  readonly metrics: readonly MetricRef[];
  /** Over how long it is evaluated. */
  readonly evaluatedSeconds: number;
}

/** One metric that a policy reads, as the policy asks for it. */
export type PolicyMetric = MetricRef & { readonly statistic: string; readonly unit: string | null };

/** What a policy says of one metric, as PutScalingPolicy takes it. */
export interface TrackedMetric {
  readonly Metric?:
    | {
        readonly Namespace?: string | undefined;
        readonly MetricName?: string | undefined;
        readonly Dimensions?: readonly { readonly Name?: string; readonly Value?: string }[] | undefined;
      }
    | undefined;
  readonly Stat?: string | undefined;
  readonly Unit?: string | undefined;
}

/** As PutScalingPolicy takes it; besides these fields it has others, which stay as they are. */
export interface TrackingConfiguration {
  readonly TargetValue?: number | undefined;
  readonly CustomizedMetricSpecification?:
    | (NonNullable<TrackedMetric['Metric']> & {
        readonly Statistic?: string | undefined;
        readonly Unit?: string | undefined;
        readonly Metrics?: readonly { readonly MetricStat?: TrackedMetric | undefined }[] | undefined;
      })
    | undefined;
}

export interface PolicyFacts {
  readonly name: string;
  readonly isEnabled: boolean;
  readonly configuration: TrackingConfiguration;
  /** None for a predefined metric. */
  readonly metrics: readonly PolicyMetric[];
  /** Of its metric math; `null` without. */
  readonly expression: string | null;
  /** How long a new worker warms up; `null` if the group says so. */
  readonly warmupSeconds: number | null;
}

/** What the metric is as it is published. */
export interface MetricFacts {
  /** The newest datapoint of the last hours; `null` if there is none. */
  readonly lastDatapointMs: number | null;
  /** Whether it has datapoints with the unit that a policy asks for; `null` if none asks for one. */
  readonly hasUnit: boolean | null;
}

export interface GroupFacts {
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly inService: number;
  readonly suspendedProcesses: readonly string[];
  /** How long a new worker warms up, unless a policy says otherwise. */
  readonly warmupSeconds: number;
}

export interface ActivityFacts {
  readonly status: string;
  readonly at: string;
  /** AWS's own words, on one line. */
  readonly message: string;
}

export interface BackupFacts {
  readonly exists: boolean;
  readonly gaps: readonly string[];
}

export interface SubscriptionFacts {
  readonly protocol: string;
  readonly isConfirmed: boolean;
}

/** Everything that the rules look at. `null` is what the target doesn't have. */
export interface Facts {
  readonly nowMs: number;
  readonly env: Seen<EnvFacts>;
  readonly agents: Seen<readonly AgentFacts[]>;
  /** Those of EC2 among the instances of the target; hybrid nodes are none. */
  readonly instances: Seen<readonly Pick<InstanceFacts, 'id' | 'state' | 'profileArn'>[]>;
  /** `null` if nobody asked: a fresh datapoint proves that it answers, or the question might do harm. */
  readonly answer: AnswerFacts | null;
  readonly function: Seen<FunctionFinding> | null;
  /** In the last quarter of an hour, or three periods of the metric. */
  readonly invocations: Seen<number> | null;
  readonly callers: Seen<readonly CallerFacts[]> | null;
  readonly network: NetworkFacts;
  readonly metric: Seen<MetricFacts> | null;
  /** The sets of dimensions with which the metric is published. */
  readonly dimensionSets: Seen<readonly Dimensions[]> | null;
  /** Those of the stack and of the target file. */
  readonly alarms: Seen<readonly AlarmFacts[]>;
  /** Those that target tracking made for the group. */
  readonly scalingAlarms: Seen<readonly AlarmFacts[]> | null;
  readonly policies: Seen<readonly PolicyFacts[]> | null;
  /** `undefined` inside if there is no such group. */
  readonly group: Seen<GroupFacts | undefined> | null;
  readonly activities: Seen<readonly ActivityFacts[]> | null;
  readonly refreshes: Seen<readonly ActivityFacts[]> | null;
  readonly isStackDeployed: Seen<boolean>;
  readonly subscriptions: Seen<readonly SubscriptionFacts[]>;
  readonly backup: Seen<BackupFacts> | null;
  /** These are absent if nobody looked. */
  readonly roles?: RolesFacts;
  readonly schedules?: Seen<SchedulesFacts>;
  readonly analyses?: readonly AnalysisFacts[];
}
