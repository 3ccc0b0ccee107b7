/** The statements of roles, before Serverless compiles them. */
import * as v from 'valibot';

export const Role = v.object({
  Properties: v.object({
    Policies: v.array(v.object({ PolicyDocument: v.object({ Statement: v.array(v.looseObject({})) }) })),
  }),
});

/** Of a role; none of anything else. */
export function statementsOf(resource: unknown): readonly object[] {
  const role = v.safeParse(Role, resource);
  return role.success
    ? role.output.Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    : [];
}
