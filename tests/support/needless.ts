import * as v from 'valibot';

const Raw = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    Resources: v.record(
      v.string(),
      v.looseObject({
        DependsOn: v.optional(
          v.pipe(
            v.union([v.string(), v.array(v.string())]),
            v.transform((value) => (typeof value === 'string' ? [value] : value)),
          ),
          [],
        ),
        Properties: v.optional(v.unknown(), {}),
      }),
    ),
  }),
);

/** What a template says that CloudFormation knows by itself, as cfn-lint has it in W3005 and W1020. */
export function needlessIn(template: string): string[] {
  const dependencies = Object.entries(v.parse(Raw, template).Resources).flatMap(([logicalId, resource]) =>
    resource.DependsOn.filter((other) =>
      new RegExp(`"(Ref|Fn::GetAtt)":\\[?"${other}"|\\$\\{${other}[.}]`).test(
        JSON.stringify(resource.Properties),
      ),
    ).map((other) => `${logicalId} depends on ${other}`),
  );
  return [...dependencies, ...(template.match(/"Fn::Sub": "[^$"]*"/g) ?? [])];
}
