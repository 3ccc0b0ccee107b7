/** The target of tests, as it is shipped. */
import { readTarget } from '../../targets/load.ts';
import type { DeployedTarget, Target } from '../../workflow/target.ts';
import { parameterName } from './app-names.ts';
import { type Measured, measured } from './target-file.ts';

/** Changes of single fields, section by section. */
export type TargetPart = { readonly [Section in keyof Target]?: Partial<Target[Section]> };

const sections = {
  parameter: { name: parameterName, reader: 'dotenv', requiredKeys: ['INTERNAL_KEY'] },
  restore: {},
  instances: { ids: ['i-00000001'] },
  deploy: { commands: ['node deploy.cjs'], timeoutSeconds: 100 },
  endpoint: { url: 'http://127.0.0.1:8000/count/', internalKey: 'INTERNAL_KEY', backlogPath: 'backlog' },
  metricFunction: { name: 'metric', answerPath: 'video_backlog_count' },
  metric: { namespace: 'App', name: 'BacklogCount', dimensions: { WorkerType: 'Video' } },
};

/** A target as it is shipped, but for `part`. Its contract asks for one key, unless `part` has another. */
export function appTarget(part: TargetPart = {}): DeployedTarget & Measured {
  const { parameter, ...target } = measured(readTarget('app', sections));
  return {
    name: 'app',
    ...target,
    ...(part.approval ? { approval: { withinMinutes: 60, ...part.approval } } : {}),
    parameter: { ...parameter, ...part.parameter },
    restore: { ...target.restore, ...part.restore },
    instances: part.instances ?? target.instances,
    deploy: { ...target.deploy, ...part.deploy },
    endpoint: { ...target.endpoint, ...part.endpoint },
    metricFunction: { ...target.metricFunction, ...part.metricFunction },
    metric: { ...target.metric, ...part.metric },
    triggers: { ...target.triggers, ...part.triggers },
    pauses: { ...target.pauses, ...part.pauses },
  };
}
