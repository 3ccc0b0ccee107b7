import { brokenCodes, isBrokenCode } from '../../workflow/doctor/catalogue.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { Facts } from '../../workflow/doctor/facts.ts';
import { linkNames } from '../../workflow/doctor/links.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { breaks } from '../support/broken-chains.ts';
import { doctorTarget, healthyFacts } from '../support/healthy-facts.ts';

const target = doctorTarget();

const brokenIn = (facts: Facts, of: DeployedTarget) =>
  diagnose(facts, of).links.flatMap((link) => link.findings.filter(({ code }) => isBrokenCode(code)));

describe('the doctor', () => {
  it('finds every link of a healthy chain ok', () => {
    const { links, causes, state } = diagnose(healthyFacts(), target);
    expect(links.map(({ link, state }) => [link, state])).toEqual(linkNames.map((link) => [link, 'ok']));
    expect({ causes, state }).toEqual({ causes: [], state: 'ok' });
    for (const { seen } of links) expect(seen.length).toBeGreaterThan(0);
  });

  it.each(breaks)(
    'tells of %s that alone as the cause',
    (_what, part, cause, followers = [], of = target) => {
      const { causes, state } = diagnose(healthyFacts(part), of);
      expect({ state, causes: causes.map(({ code }) => code) }).toEqual({ state: 'broken', causes: [cause] });
      const found = brokenIn(healthyFacts(part), of);
      expect(new Set(found.map(({ code }) => code))).toEqual(new Set([cause, ...followers]));
      for (const { code, followsFrom } of found)
        expect([code, followsFrom.length > 0]).toEqual([code, code !== cause]);
    },
  );

  it('has a test for each code', () => {
    const tested = new Set(breaks.map(([, , cause]) => cause));
    expect(brokenCodes.filter((code) => !tested.has(code))).toEqual([]);
  });
});
