/** EC2's instances: what shows, stops and starts them. One takes until the next look for either. */
import * as v from 'valibot';
import { AwsError, operation } from '../endpoint.ts';
import { accountId } from '../template.ts';
import { describe } from './ec2-describe.ts';
import type { Ec2Network, NetworkInterface } from './ec2-network.ts';
import { iamArn } from './iam.ts';

const states = { pending: 0, running: 16, stopping: 64, stopped: 80 } as const;
const stateOf = (name: keyof typeof states) => ({ code: states[name], name });

/** @param ofInstance what an instance shows of its interface. */
export function instanceOperations(network: Ec2Network, ofInstance: (one: NetworkInterface) => object) {
  const { stoppedInstances } = network;
  const isKnown = (id: string) => network.interfaces.some(({ instanceId }) => instanceId === id);
  const change = (isStarted: boolean) =>
    operation(v.object({ InstanceId: v.array(v.string()) }), ({ InstanceId: ids }) => {
      const missing = ids.filter((id) => !isKnown(id));
      if (missing.length > 0)
        throw new AwsError('InvalidInstanceID.NotFound', `The ids '${missing.join(', ')}' do not exist`);
      return {
        instancesSet: ids.map((instanceId) => {
          const isStopped = stoppedInstances.has(instanceId);
          if (isStarted) stoppedInstances.delete(instanceId);
          else stoppedInstances.add(instanceId);
          const current = isStarted
            ? isStopped
              ? stateOf('pending')
              : stateOf('running')
            : isStopped
              ? stateOf('stopped')
              : stateOf('stopping');
          return {
            instanceId,
            currentState: current,
            previousState: stateOf(isStopped ? 'stopped' : 'running'),
          };
        }),
      };
    });

  return {
    DescribeInstances: describe(network, {
      set: 'reservationSet',
      entries: () => network.interfaces.filter(({ instanceId }) => instanceId !== undefined),
      idName: 'InstanceId',
      idOf: ({ instanceId = '' }) => instanceId,
      notFound: 'InvalidInstanceID.NotFound',
      filters: { 'instance-id': ({ instanceId }) => [instanceId], 'vpc-id': ({ vpcId }) => [vpcId] },
      elements: (one) => ({
        reservationId: one.instanceId?.replace('i-', 'r-'),
        ownerId: accountId,
        instancesSet: [
          {
            instanceId: one.instanceId,
            instanceState: stateOf(stoppedInstances.has(one.instanceId ?? '') ? 'stopped' : 'running'),
            privateIpAddress: one.addresses[0],
            subnetId: one.subnetId,
            vpcId: one.vpcId,
            iamInstanceProfile: profileOf(network, one.instanceId ?? ''),
            networkInterfaceSet: [ofInstance(one)],
            tagSet: Object.entries(one.tags ?? {}).map(([key, value]) => ({ key, value })),
          },
        ],
      }),
    }),

    StartInstances: change(true),
    StopInstances: change(false),
  };
}

function profileOf({ instanceProfiles }: Ec2Network, instanceId: string) {
  const name = instanceProfiles.get(instanceId);
  return name === undefined
    ? undefined
    : { arn: iamArn(`instance-profile/${name}`), id: 'AIPA00000000000000000' };
}
