/** A diagnosis in short, as a plan and a message tell it. No value of the env is in it. */
import * as v from 'valibot';
import { names } from '../fields.ts';
import { counted } from '../words.ts';
import { type LinkName, linkNames, links } from './links.ts';

const Link = v.picklist(linkNames);

export const DiagnosisSummary = v.object({
  /** What is broken first, and follows from nothing else; `null` if nothing is, as far as could be seen. */
  broken: v.nullable(
    v.object({
      link: Link,
      code: v.string(),
      /** What was seen, and when, without a full stop. */
      says: v.string(),
      /** Commands that put it right, in this order. */
      fix: v.array(v.string()),
      /** What has to be known or done besides them. */
      note: v.nullable(v.string()),
    }),
  ),
  /** The codes of what else is broken and follows from nothing. */
  alsoBroken: names,
  /** The codes of what follows from any of it. */
  following: names,
  /** The links of which something could not be looked at, each with the first reason; that names a missing permission. */
  unknown: v.array(v.object({ link: Link, says: v.string() })),
});
export type DiagnosisSummary = v.InferOutput<typeof DiagnosisSummary>;

/** If nobody could look at anything. */
export const nothingSeen = (why: string): DiagnosisSummary => ({
  broken: null,
  alsoBroken: [],
  following: [],
  unknown: linkNames.map((link) => ({ link, says: why })),
});

const linkNamesOf = (unknown: DiagnosisSummary['unknown']) =>
  unknown.length === linkNames.length ? 'all links' : unknown.map(({ link }) => link).join(', ');

const brokenText = (code: string, link: LinkName) => `${code} at ${links[link]}`;

/** One line, for those who have to approve a plan. */
export function diagnosisLine({ broken, alsoBroken, following, unknown }: DiagnosisSummary): string {
  const parts = [
    broken ? `${brokenText(broken.code, broken.link)}: ${broken.says}` : 'nothing is broken that can be seen',
    ...(alsoBroken.length > 0 ? [`also broken: ${alsoBroken.join(', ')}`] : []),
    ...(following.length > 0 ? [`what follows: ${following.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`not seen: ${linkNamesOf(unknown)}`] : []),
  ];
  return `Diagnosis:    ${parts.join('; ')}`;
}

/**
 * The lines of a message.
 *
 * @param told what the message says of the network already.
 */
export function diagnosisLines(
  { broken, alsoBroken, following, unknown }: DiagnosisSummary,
  told: readonly string[] = [],
): string[] {
  const isTold = ({ says }: { readonly says: string }) => told.some((line) => line.endsWith(says));
  return [
    ...(broken
      ? brokenLines(broken, isTold(broken))
      : ['Diagnosis:    nothing else is broken that can be seen']),
    ...(alsoBroken.length > 0 ? [`Also broken:  ${alsoBroken.join(', ')}`] : []),
    ...(following.length > 0 ? [`What follows: ${following.join(', ')}`] : []),
    ...unknownLines(unknown.filter((one) => !isTold(one))),
    ...(broken ? [`More on it:   docs/doctor.md#${broken.code.toLowerCase()}`] : []),
  ];
}

function brokenLines(
  { code, link, says, fix, note }: NonNullable<DiagnosisSummary['broken']>,
  isTold: boolean,
): string[] {
  if (isTold) return [`Diagnosis:    ${brokenText(code, link)}, as told above`];
  return [
    `Diagnosis:    ${brokenText(code, link)}: ${says}`,
    ...fix.map((command, index) => `${index === 0 ? 'Put it right:' : 'And then:    '} ${command}`),
    ...(note === null ? [] : [`              ${note}`]),
  ];
}

/** How many different reasons a message has for what could not be looked at. */
const mostReasons = 3;

function unknownLines(unknown: DiagnosisSummary['unknown']): string[] {
  if (unknown.length === 0) return [];
  const reasons = [...new Set(unknown.map(({ says }) => says))];
  const more = reasons.length - mostReasons;
  return [
    `Not seen:     ${counted(unknown.length, 'link')} (${linkNamesOf(unknown)})`,
    ...reasons.slice(0, mostReasons).map((says) => `              ${says}`),
    ...(more > 0 ? [`              and ${counted(more, 'other reason')}`] : []),
  ];
}
