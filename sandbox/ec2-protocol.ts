/**
 * EC2's own form of the Query protocol. The input is a form whose keys are paths into it (`Filter.1.Value.1`); in the
 * answer, the entries of a list are called `item`, and there is no element for the result.
 */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { Request } from './protocols.ts';

/** The only version of its API. */
const version = '2016-11-15';
const namespace = `http://ec2.amazonaws.com/doc/${version}/`;

/** @returns `undefined` if the form is a request to another service. */
export function readEc2Request(body: Buffer): Request | undefined {
  const form = new URLSearchParams(body.toString());
  const { Action = '', Version } = Object.fromEntries(form);
  if (Version !== version) return undefined;
  for (const name of ['Action', 'Version']) form.delete(name);
  return {
    service: 'EC2',
    operation: Action,
    input: readForm(form),
    reply: (response, output) =>
      sendXml(
        response,
        200,
        `<${Action}Response xmlns="${namespace}">${toXml({ requestId: randomUUID() })}${toXml(output)}</${Action}Response>`,
      ),
    replyError: (response, { name: Code, message: Message, status }) =>
      sendXml(
        response,
        status,
        `<Response><Errors><Error>${toXml({ Code, Message })}</Error></Errors>${toXml({ RequestID: randomUUID() })}</Response>`,
      ),
  };
}

/** A number and a boolean, as the form holds them. */
export const FormInteger = v.pipe(v.string(), v.regex(/^-?\d+$/), v.transform(Number));
export const FormBoolean = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((text) => text === 'true'),
);

type Tree = Map<string, Tree | string>;

function readForm(form: URLSearchParams): unknown {
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

/** Structures, and lists where the names are numbers. */
function toInput(tree: Tree | string | undefined): unknown {
  if (!(tree instanceof Map)) return tree;
  const names = [...tree.keys()];
  if (names.length > 0 && names.every((name) => /^\d+$/.test(name)))
    return names.sort((one, other) => Number(one) - Number(other)).map((name) => toInput(tree.get(name)));
  return Object.fromEntries([...tree].map(([name, value]) => [name, toInput(value)]));
}

function sendXml(response: ServerResponse, status: number, content: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/xml;charset=UTF-8');
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function toXml(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null)
    return String(value ?? '').replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
  if (Array.isArray(value)) return value.map((item) => `<item>${toXml(item)}</item>`).join('');
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]) => `<${name}>${toXml(item)}</${name}>`)
    .join('');
}
