/** What can be missing from the roles of the host and of the functions. */
import type { BrokenEntry } from './entries.ts';

const showRole = 'aws iam list-role-policies --role-name <role>';
const allow =
  'aws iam put-role-policy --role-name <role> --policy-name <policy-name> --policy-document file://<policy>';
const note =
  'A Deny, a permissions boundary or a service control policy wins over any Allow: if the finding names one, that has to be changed in place of the role.';

export const roleFindings = {
  HostCannotReadEnv: {
    link: 'host',
    meaning: 'The role in the profile of the instance may not read the parameter, so no deploy gets the env.',
    look: showRole,
    fix: allow,
    note,
  },
  FunctionCannotPublish: {
    link: 'function',
    meaning: 'The role of the metric function may not publish the metric.',
    look: showRole,
    fix: allow,
    note,
  },
  RecoveryNotAllowed: {
    link: 'readiness',
    meaning: 'A role of the stack lacks what the stack gave it, so the next recovery ends as AccessDenied.',
    look: showRole,
    fix: allow,
    note: `A deploy of the stack does not put back what was changed outside of it. ${note}`,
  },
} as const satisfies Readonly<Record<string, BrokenEntry>>;
