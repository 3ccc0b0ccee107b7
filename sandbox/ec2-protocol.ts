/**
 * EC2's own form of the Query protocol. The input is a form whose keys are paths into it (`Filter.1.Value.1`); in the
 * answer, the entries of a list are called `item`, and there is no element for the result.
 */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Request } from './protocols.ts';
import { readForm, toXml } from './query-protocol.ts';

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
        `<${Action}Response xmlns="${namespace}">${toXml({ requestId: randomUUID() })}${toXml(output, 'item')}</${Action}Response>`,
      ),
    replyError: (response, { name: Code, message: Message, status }) =>
      sendXml(
        response,
        status,
        `<Response><Errors><Error>${toXml({ Code, Message })}</Error></Errors>${toXml({ RequestID: randomUUID() })}</Response>`,
      ),
  };
}

function sendXml(response: ServerResponse, status: number, content: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/xml;charset=UTF-8');
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
}
