/**
 * The Query protocol: input as a form, whose keys are paths into it (`Dimensions.member.1.Name`), and answers in XML.
 * Everything in the input is text; a service's schemas say what is a number or a boolean.
 */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Request } from './protocols.ts';

/** Requests name their service only by the version of its API. */
const services: Readonly<Record<string, string>> = {
  '2010-03-31': 'SNS',
  '2010-05-08': 'IAM',
  '2011-01-01': 'AutoScaling',
  '2011-06-15': 'STS',
};

/** A number, as the form holds it. */
export const FormNumber = v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i), v.transform(Number));
export const FormInteger = v.pipe(FormNumber, v.integer());
export const FormBoolean = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((text) => text === 'true'),
);

/** A list in the form; one that is empty is sent as an empty text. */
export const formList = <Entry extends v.GenericSchema>(entry: Entry) =>
  v.union([
    v.array(entry),
    v.pipe(
      v.literal(''),
      v.transform((): v.InferOutput<Entry>[] => []),
    ),
  ]);

export function readQueryRequest(body: Buffer): Request {
  const form = new URLSearchParams(body.toString());
  const [action, version] = [form.get('Action') ?? '', form.get('Version') ?? ''];
  form.delete('Action');
  form.delete('Version');
  const service = services[version] ?? `Query ${version}`;
  const namespace = `http://${service.toLowerCase()}.amazonaws.com/doc/${version}/`;
  return {
    service,
    operation: action,
    input: readForm(form),
    reply: (response, output) =>
      sendXml(response, 200, `${action}Response`, namespace, {
        [`${action}Result`]: output,
        ResponseMetadata: { RequestId: randomUUID() },
      }),
    replyError: (response, error) =>
      sendXml(response, error.status, 'ErrorResponse', namespace, {
        Error: {
          Type: error.status < 500 ? 'Sender' : 'Receiver',
          Code: error.name,
          Message: error.message,
        },
        RequestId: randomUUID(),
      }),
  };
}

type Tree = Map<string, Tree | string>;

/** The input that the form's paths lead into: structures, and lists where the names are numbers. */
export function readForm(form: Iterable<readonly [string, string]>): unknown {
  const root: Tree = new Map();
  for (const [path, value] of form) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let tree = root;
    for (const name of names) {
      const next = tree.get(name);
      const branch: Tree = next instanceof Map ? next : new Map();
      tree.set(name, branch);
      tree = branch;
    }
    tree.set(last, value);
  }
  return toInput(root);
}

function toInput(tree: Tree | string | undefined): unknown {
  if (!(tree instanceof Map)) return tree;
  const names = [...tree.keys()];
  if (names.length === 1 && names[0] === 'member') return toInput(tree.get('member'));
  if (names.length > 0 && names.every((name) => /^\d+$/.test(name)))
    return names.sort((one, other) => Number(one) - Number(other)).map((name) => toInput(tree.get(name)));
  return Object.fromEntries([...tree].map(([name, value]) => [name, toInput(value)]));
}

function sendXml(
  response: ServerResponse,
  status: number,
  root: string,
  namespace: string,
  content: Readonly<Record<string, unknown>>,
): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/xml');
  response.end(`<${root} xmlns="${namespace}">${toXml(content)}</${root}>`);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** @param entry what the entries of a list are called. */
export function toXml(value: unknown, entry = 'member'): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null)
    return String(value ?? '').replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
  if (Array.isArray(value)) return value.map((item) => `<${entry}>${toXml(item, entry)}</${entry}>`).join('');
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]) => `<${name}>${toXml(item, entry)}</${name}>`)
    .join('');
}
