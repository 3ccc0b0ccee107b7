/** What can be broken between the functions, the endpoint and AWS. */
import { explanationPage } from '../network/analysis.ts';
import type { BrokenEntry } from './entries.ts';

const findInterface =
  'aws ec2 describe-network-interfaces --filters "Name=addresses.private-ip-address,Values=<address>"';
const describeVpc = 'aws lambda get-function-configuration --function-name <function> --query VpcConfig';

const describeOwnVpc =
  'aws lambda get-function-configuration --function-name env-recovery-<target>-checkEndpoint --query VpcConfig';

export const networkFindings = {
  FunctionOutsideVpc: {
    link: 'network',
    meaning:
      'The metric function is in no VPC, and the endpoint has a private address, which only a network leads to.',
    look: describeVpc,
    fix: 'aws lambda update-function-configuration --function-name <function> --vpc-config "SubnetIds=<subnet>,SecurityGroupIds=<security-group>"',
    note: 'Its role has to allow the network interfaces (AWSLambdaVPCAccessExecutionRole).',
  },
  AddressElsewhere: {
    link: 'network',
    meaning:
      'The address of the endpoint leads nowhere in the network of the function: it was that of an instance that is gone, or is in a VPC that is not connected.',
    look: findInterface,
    fix: 'npm run package -- --param target=<target>',
    note: 'Put the address that the API has now into endpoint.url in the target file first, and deploy the stack; a name, or an address that stays, spares that.',
  },
  PathBlocked: {
    link: 'network',
    meaning: 'Security groups do not let the function through to the endpoint.',
    look: describeVpc,
    lookWithoutFunction: describeOwnVpc,
    fix: 'aws ec2 authorize-security-group-ingress --group-id <group-of-the-api> --protocol tcp --port <port> --source-group <security-group>',
  },
  PathNotFound: {
    link: 'network',
    meaning: `Reachability Analyzer finds no way from the function to the endpoint. AWS explains its codes at ${explanationPage}.`,
    look: 'aws ec2 describe-route-tables --query "RouteTables[].[RouteTableId,VpcId,Routes]"',
    fix: 'aws ec2 create-route --route-table-id <route-table> --destination-cidr-block <block> --vpc-peering-connection-id <peering>',
    note: 'What has to be changed is what the explanation names. A network ACL has to let the answers out as well, on the ports 1024 to 65535.',
  },
  NoWayOut: {
    link: 'network',
    meaning: 'The endpoint has a public address, and the function in its VPC has no way to the internet.',
    look: describeVpc,
    lookWithoutFunction: describeOwnVpc,
    fix: 'aws ec2 create-nat-gateway --subnet-id <public-subnet> --allocation-id <allocation>',
    note: "The subnets of the function then need a default route to it; or put the endpoint's private address into the target file.",
  },
  ServiceUnreachable: {
    link: 'network',
    meaning: 'A function in the VPC has no way to an AWS service that it calls.',
    look: 'aws ec2 describe-vpc-endpoints --query "VpcEndpoints[].[ServiceName,State,PrivateDnsEnabled]"',
    fix: 'aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id <vpc> --service-name <service> --subnet-ids <subnet> --security-group-ids <security-group> --private-dns-enabled',
  },
} as const satisfies Readonly<Record<string, BrokenEntry>>;
