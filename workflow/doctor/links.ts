/** The links of the chain, from whoever writes the env to the workers that scale; readiness for an outage comes last. */
export const links = {
  writer: 'who wrote the env',
  env: 'the env in Parameter Store',
  host: 'the instances and their SSM agents',
  endpoint: 'the internal endpoint',
  request: 'the Host and the key of the request',
  function: 'the metric function',
  schedule: 'what invokes the metric function',
  network: 'the network of the functions',
  metric: 'the metric in CloudWatch',
  alarms: 'the alarms on the metric',
  policy: 'the scaling policy',
  group: 'the Auto Scaling group',
  readiness: 'what has to be there before an outage',
} as const;

export type LinkName = keyof typeof links;

const isLinkName = (name: string): name is LinkName => Object.hasOwn(links, name);

/** In the order of the chain. */
export const linkNames: readonly LinkName[] = Object.keys(links).filter(isLinkName);
