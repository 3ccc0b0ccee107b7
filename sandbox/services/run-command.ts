/** Systems Manager's Run Command: it really runs a document's commands, on the sandbox's hosts. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, type Operation, operation } from '../endpoint.ts';
import { ChangeCalendars } from './change-calendars.ts';
import {
  cancel,
  type DocumentContent,
  end,
  type Instance,
  newInvocation,
  runOn,
  withParameters,
} from './command-invocation.ts';
import { type Command, commandFilters, describe, invocationFilters, listed } from './command-lists.ts';

const Filters = v.array(v.object({ key: v.string(), value: v.string() }));

const paging = (mostResults: number, results = mostResults) => ({
  MaxResults: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(mostResults)), results),
  NextToken: v.optional(v.string(), '0'),
});

/** A page of what was found, and the token for the next one. */
function pageOf<T>(
  found: readonly T[],
  { NextToken, MaxResults }: { readonly NextToken: string; readonly MaxResults: number },
): { readonly page: readonly T[]; readonly NextToken: string | undefined } {
  if (!/^\d+$/.test(NextToken)) throw new AwsError('InvalidNextToken', '');
  const next = Number(NextToken) + MaxResults;
  return {
    page: found.slice(Number(NextToken), next),
    NextToken: next < found.length ? String(next) : undefined,
  };
}

export class RunCommand {
  readonly commands: Command[] = [];
  readonly #documents: ReadonlyMap<string, DocumentContent>;
  readonly #instances: ReadonlyMap<string, Instance>;
  readonly #lagMilliseconds: number;

  /** @param lagMilliseconds how long after SendCommand neither the lists nor the invocations show it. */
  constructor(
    documents: ReadonlyMap<string, DocumentContent>,
    instances: readonly Instance[],
    lagMilliseconds = 200,
  ) {
    this.#documents = documents;
    this.#instances = new Map(instances.map((instance) => [instance.id, instance]));
    this.#lagMilliseconds = lagMilliseconds;
  }

  /** Ends every command that still runs. */
  async stop(): Promise<void> {
    for (const { invocations } of this.commands) {
      void cancel(invocations);
      // A test may have replaced the status that says that it runs.
      for (const { kill } of invocations) kill();
    }
    await Promise.all(this.commands.map(({ ended }) => ended));
  }

  readonly calendars = new ChangeCalendars((name) => this.#documents.has(name));

  readonly operations: Readonly<Record<string, Operation>> = {
    ...this.calendars.operations,

    SendCommand: operation(
      v.object({
        DocumentName: v.string(),
        InstanceIds: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(50)),
        Comment: v.optional(v.pipe(v.string(), v.maxLength(100)), ''),
        Parameters: v.optional(v.record(v.string(), v.array(v.string())), {}),
        MaxErrors: v.optional(v.string(), '0'),
        TimeoutSeconds: v.optional(v.pipe(v.number(), v.minValue(30)), 3600),
      }),
      ({ DocumentName, InstanceIds, Comment, Parameters, MaxErrors }) => {
        const content = this.#documents.get(DocumentName);
        if (!content) throw new AwsError('InvalidDocument', '');
        const document = withParameters(content, Parameters);
        const instances = InstanceIds.map((id) => {
          const instance = this.#instances.get(id);
          if (!instance) throw new AwsError('InvalidInstanceId', '');
          return instance;
        });
        const command: Command = {
          CommandId: randomUUID(),
          DocumentName,
          Comment,
          RequestedDateTime: new Date(),
          invocations: instances.map(({ id }) => newInvocation(id)),
          ended: Promise.resolve(),
        };
        this.commands.push(command);
        command.ended = this.#run(command, document, instances, Number(MaxErrors));
        return { Command: describe(command) };
      },
    ),

    ListCommands: operation(
      v.object({ CommandId: v.optional(v.string()), Filters: v.optional(Filters, []), ...paging(50) }),
      ({ CommandId, Filters, ...paged }) => {
        for (const { key } of Filters)
          if (!Object.hasOwn(commandFilters, key)) throw new AwsError('InvalidFilterKey', '');
        const found = this.#known(CommandId).filter((command) =>
          Filters.every(({ key, value }) => commandFilters[key]?.(command, value)),
        );
        const { page, NextToken } = pageOf(found, paged);
        return { Commands: page.map(describe), NextToken };
      },
    ),

    ListCommandInvocations: operation(
      v.object({
        CommandId: v.optional(v.string()),
        InstanceId: v.optional(v.string()),
        Details: v.optional(v.boolean(), false),
        Filters: v.optional(Filters, []),
        ...paging(50),
      }),
      ({ CommandId, InstanceId, Details, Filters, ...paged }) => {
        for (const { key } of Filters)
          if (!Object.hasOwn(invocationFilters, key)) throw new AwsError('InvalidFilterKey', '');
        const found = this.#known(CommandId).flatMap((command) =>
          command.invocations
            .filter((invocation) => InstanceId === undefined || invocation.InstanceId === InstanceId)
            .filter((invocation) =>
              Filters.every(({ key, value }) => invocationFilters[key]?.(command, value, invocation)),
            )
            .map((invocation) =>
              listed(command, invocation, this.#documents.get(command.DocumentName), Details),
            ),
        );
        const { page, NextToken } = pageOf(found, paged);
        return { CommandInvocations: page, NextToken };
      },
    ),

    GetCommandInvocation: operation(
      v.object({ CommandId: v.string(), InstanceId: v.string() }),
      ({ CommandId, InstanceId }) => {
        const command = this.commands.find((one) => one.CommandId === CommandId);
        const invocation = command?.invocations.find((one) => one.InstanceId === InstanceId);
        if (!command || !invocation || !this.#isKnown(command))
          throw new AwsError('InvocationDoesNotExist', '');
        const { Status, StatusDetails, ResponseCode, stdout, stderr } = invocation;
        return {
          CommandId,
          Comment: command.Comment,
          DocumentName: command.DocumentName,
          InstanceId,
          Status,
          StatusDetails,
          ResponseCode,
          StandardOutputContent: stdout.slice(0, 24_000),
          StandardErrorContent: stderr.slice(0, 8_000),
        };
      },
    ),

    CancelCommand: operation(
      v.object({ CommandId: v.string(), InstanceIds: v.optional(v.array(v.string()), []) }),
      async ({ CommandId, InstanceIds }) => {
        const command = this.commands.find((one) => one.CommandId === CommandId);
        if (!command) throw new AwsError('InvalidCommandId', '');
        const known = command.invocations.map(({ InstanceId }) => InstanceId);
        if (InstanceIds.some((id) => !known.includes(id))) throw new AwsError('InvalidInstanceId', '');
        // SSM may answer much earlier, while the processes still run.
        await cancel(
          command.invocations.filter(
            ({ InstanceId }) => InstanceIds.length === 0 || InstanceIds.includes(InstanceId),
          ),
        );
        return {};
      },
    ),

    GetDocument: operation(
      v.object({
        Name: v.string(),
        DocumentVersion: v.optional(v.string(), '$DEFAULT'),
        DocumentFormat: v.optional(v.literal('JSON'), 'JSON'),
      }),
      ({ Name, DocumentVersion, DocumentFormat }) => {
        const document = this.#documents.get(Name);
        if (!document) throw new AwsError('InvalidDocument', '');
        if (!['$DEFAULT', '$LATEST', '1'].includes(DocumentVersion))
          throw new AwsError('InvalidDocumentVersion', '');
        return {
          Name,
          DocumentVersion: '1',
          Status: 'Active',
          DocumentType: 'Command',
          DocumentFormat,
          Content: JSON.stringify(document),
        };
      },
    ),

    DescribeInstanceInformation: operation(
      v.object({
        Filters: v.optional(v.array(v.object({ Key: v.string(), Values: v.array(v.string()) })), []),
        ...paging(50, 10),
      }),
      ({ Filters, ...paged }) => {
        const found = [...this.#instances.values()].filter((instance) =>
          Filters.every(({ Key, Values }) => Values.includes(filtered(instance, Key))),
        );
        const { page, NextToken } = pageOf(found, paged);
        const InstanceInformationList = page.map(({ id, online }) => ({
          InstanceId: id,
          PingStatus: online ? 'Online' : 'ConnectionLost',
          LastPingDateTime: new Date(),
          PlatformType: 'Linux',
        }));
        return { InstanceInformationList, NextToken };
      },
    ),
  };

  /** What the lists show, newest first. */
  #known(commandId: string | undefined): Command[] {
    return this.commands
      .filter((command) => commandId === undefined || command.CommandId === commandId)
      .filter((command) => this.#isKnown(command))
      .reverse();
  }

  #isKnown({ RequestedDateTime }: Command): boolean {
    return Date.now() - RequestedDateTime.getTime() >= this.#lagMilliseconds;
  }

  /** One instance after the other, as with `MaxConcurrency` 1; an undeliverable one doesn't count as an error. */
  async #run(command: Command, document: DocumentContent, instances: readonly Instance[], maxErrors: number) {
    let errors = 0;
    for (const [index, invocation] of command.invocations.entries()) {
      const instance = instances[index];
      if (!instance || invocation.Status !== 'Pending') continue;
      if (errors > maxErrors) end(invocation, 'Failed', 'Terminated');
      else if (!instance.online) end(invocation, 'Failed', 'Undeliverable');
      else {
        invocation.ended = runOn(instance, document, invocation);
        await invocation.ended;
      }
      if (invocation.StatusDetails === 'Failed' || invocation.StatusDetails === 'TimedOut') errors += 1;
    }
  }
}

/** What a filter of DescribeInstanceInformation compares. */
const filtered = ({ id, tags }: Instance, key: string): string =>
  key === 'InstanceIds' ? id : (tags[key.replace(/^tag:/, '')] ?? '');
