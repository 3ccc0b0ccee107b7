/** DynamoDB: tables in memory, kept by dynalite, which has a server of its own. */
import { request, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import dynalite from 'dynalite';
import * as v from 'valibot';
import { close, listen, type RawAnswer, type RawRequest, type Service, urlOf } from '../endpoint.ts';

const target = 'DynamoDB_20120810';

export const TableProperties = v.object({
  TableName: v.string(),
  KeySchema: v.array(v.object({ AttributeName: v.string(), KeyType: v.picklist(['HASH', 'RANGE']) })),
  AttributeDefinitions: v.array(
    v.object({ AttributeName: v.string(), AttributeType: v.picklist(['S', 'N', 'B']) }),
  ),
  BillingMode: v.optional(v.picklist(['PROVISIONED', 'PAY_PER_REQUEST']), 'PROVISIONED'),
  ProvisionedThroughput: v.optional(
    v.object({ ReadCapacityUnits: v.number(), WriteCapacityUnits: v.number() }),
  ),
});
export type TableProperties = v.InferInput<typeof TableProperties>;

const Table = v.object({
  Table: v.object({
    TableStatus: v.string(),
    KeySchema: v.array(v.object({ AttributeName: v.string() })),
  }),
});

const Attributes = v.record(v.string(), v.unknown());

/** A write that wants to be told which item failed its condition. */
const CuriousWrite = v.object({
  TableName: v.string(),
  Key: v.optional(Attributes),
  Item: v.optional(Attributes),
  ReturnValuesOnConditionCheckFailure: v.literal('ALL_OLD'),
});

const ConditionFailure = v.looseObject({
  __type: v.pipe(v.string(), v.endsWith('#ConditionalCheckFailedException')),
});

export class Tables {
  readonly #server: Server;
  /** One request at a time, so that nothing happens between a failed condition and reading the item for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Creates a table from a template's properties; it exists when the promise resolves. */
  async create(properties: TableProperties): Promise<void> {
    await this.#ask('CreateTable', v.parse(TableProperties, properties));
    while ((await this.#describe(properties.TableName)).TableStatus !== 'ACTIVE') await sleep(1);
  }

  /** Answers a request to DynamoDB, whoever signed it. */
  forward(raw: RawRequest): Promise<RawAnswer> {
    const answer = this.#last.then(async () => this.#withItem(raw, await this.#send(raw)));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** Ends the server when it has answered the current requests. */
  async close(): Promise<void> {
    await this.#last;
    await close(this.#server);
  }

  async #describe(TableName: string) {
    return v.parse(Table, await this.#ask('DescribeTable', { TableName })).Table;
  }

  /** @throws Error if the answer is an error. */
  async #ask(operation: string, input: unknown): Promise<unknown> {
    const { status, body } = await this.#send({
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `${target}.${operation}`,
        'x-amz-date': '20000101T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=sandbox, SignedHeaders=host, Signature=none',
      },
      body: Buffer.from(JSON.stringify(input)),
    });
    if (status !== 200) throw new Error(`${operation}: ${body.toString()}`);
    return JSON.parse(body.toString());
  }

  /** dynalite doesn't know `ReturnValuesOnConditionCheckFailure`, so the item is put into the error here. */
  async #withItem({ body }: RawRequest, answer: RawAnswer): Promise<RawAnswer> {
    if (answer.status !== 400) return answer;
    const failure = v.safeParse(ConditionFailure, JSON.parse(answer.body.toString()));
    const write = v.safeParse(CuriousWrite, JSON.parse(body.toString()));
    if (!failure.success || !write.success) return answer;
    const { TableName, Key, Item } = write.output;
    const { KeySchema } = await this.#describe(TableName);
    const key =
      Key ?? Object.fromEntries(KeySchema.map(({ AttributeName }) => [AttributeName, Item?.[AttributeName]]));
    const found = v.parse(
      v.object({ Item: v.optional(Attributes) }),
      await this.#ask('GetItem', { TableName, Key: key, ConsistentRead: true }),
    );
    const changed = Buffer.from(JSON.stringify({ ...failure.output, ...found }));
    return {
      status: answer.status,
      headers: { ...answer.headers, 'x-amz-crc32': crc32(changed), 'content-length': changed.length },
      body: changed,
    };
  }

  #send({ method, path, headers, body }: RawRequest): Promise<RawAnswer> {
    const { connection: _, 'transfer-encoding': __, ...kept } = headers;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, urlOf(this.#server)),
        // A socket that is kept for the next request would stop the server from closing.
        { method, headers: { ...kept, 'content-length': body.length }, agent: false },
        async (response) => {
          try {
            const chunks: Buffer[] = [];
            for await (const chunk of response) chunks.push(chunk);
            const { connection: _, 'transfer-encoding': __, ...rest } = response.headers;
            resolve({ status: response.statusCode ?? 500, headers: rest, body: Buffer.concat(chunks) });
          } catch (error) {
            reject(error);
          }
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

/** Starts the tables' server on loopback. */
export async function openTables(): Promise<Tables> {
  const server = dynalite({ createTableMs: 0 });
  await listen(server);
  return new Tables(server);
}

export function dynamoDbService(tables: Tables): Service {
  return { targetPrefix: target, forward: (raw) => tables.forward(raw) };
}
