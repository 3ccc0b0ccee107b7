import {
  brokenCodes,
  brokenFindings,
  type FindingCode,
  findings,
  isBrokenCode,
  unknownCodes,
} from '../../workflow/doctor/catalogue.ts';
import { follows } from '../../workflow/doctor/follows.ts';
import { linkNames } from '../../workflow/doctor/links.ts';

const codes: readonly FindingCode[] = [...brokenCodes, ...unknownCodes];

/** Each command starts with one of these. */
const programs = /^(npx --no-install recover|npm run|aws [a-z0-9]+ [a-z-]+|curl|sudo systemctl)\b/;
const changing = /\b(put|create|delete|update|start|set|enable|resume|subscribe|confirm|restore|deploy)\b/;

describe('the catalogue of findings', () => {
  it.each(codes)(
    'says in sentences what %s means, with a command that shows it and one that cures it',
    (code) => {
      const { meaning, look, fix, note = 'None.' } = findings[code];
      const { afterwards = fix, lookWithoutFunction = look } = findings[code];
      for (const text of [meaning, note]) {
        expect(text).toMatch(/^[A-Z].*\.$/);
        expect(text).not.toMatch(/\s\s|\n|undefined|TODO/);
      }
      for (const command of [look, lookWithoutFunction, fix, afterwards]) expect(command).toMatch(programs);
      // What a person looks with changes nothing.
      for (const command of [look, lookWithoutFunction]) expect(command).not.toMatch(changing);
    },
  );

  it('has a link for each broken finding, and for each link but the writer a finding', () => {
    const links = new Set(brokenCodes.map((code) => brokenFindings[code].link));
    expect(linkNames.filter((link) => !links.has(link))).toEqual(['writer']);
  });

  it('lets nothing follow from itself, in however many steps', () => {
    const causesOf = (code: FindingCode): readonly FindingCode[] =>
      isBrokenCode(code) ? (follows[code] ?? []) : [];
    for (const code of brokenCodes) {
      const reached = new Set<FindingCode>();
      const queue = [...causesOf(code)];
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        if (reached.has(next)) continue;
        reached.add(next);
        queue.push(...causesOf(next));
      }
      expect(reached.has(code)).toBe(false);
    }
  });
});
