import * as v from 'valibot';
import { lambdaHandler } from '../../functions/runtime/handler.ts';
import { catalogue } from '../../workflow/errors.ts';

const Input = v.object({ count: v.number() });
const Resources = v.object({ TEST_TABLE: v.pipe(v.string(), v.nonEmpty('expected a name')) });

jest.mock('../../functions/runtime/bundled-target.ts', () => ({ bundledTarget: { name: 'app' } }));

describe('lambdaHandler', () => {
  const buildClients = jest.fn(() => ({ client: 'built' }));
  const handler = () =>
    lambdaHandler(Input, Resources, buildClients, async ({ count }, { target, resources, client }) => ({
      count,
      table: resources.TEST_TABLE,
      target: target.name,
      client,
    }));

  beforeEach(() => {
    buildClients.mockClear();
    process.env.TEST_TABLE = 'leases';
  });
  afterAll(() => {
    delete process.env.TEST_TABLE;
  });

  it('builds the services once, with the bundled target, and runs with each event', async () => {
    const handle = handler();
    expect(await handle({ count: 1 })).toEqual({ count: 1, table: 'leases', target: 'app', client: 'built' });
    expect(await handle({ count: 2 })).toMatchObject({ count: 2 });
    expect(buildClients).toHaveBeenCalledTimes(1);
  });

  it('refuses an input of another shape as InvalidInput, naming the field', async () => {
    await expect(handler()({ count: 'secret' })).rejects.toMatchObject({
      name: 'InvalidInput',
      message: `the input: count: expected a number. ${catalogue.InvalidInput.remedy}`,
    });
    expect(buildClients).not.toHaveBeenCalled();
  });

  it('fails as InvalidSettings on a missing or wrong variable, and quotes no value', async () => {
    process.env.TEST_TABLE = '';
    await expect(handler()({ count: 1 })).rejects.toMatchObject({
      name: 'InvalidSettings',
      message: `the environment of this function: TEST_TABLE: expected a name. ${catalogue.InvalidSettings.remedy}`,
    });
    delete process.env.TEST_TABLE;
    await expect(handler()({ count: 1 })).rejects.toMatchObject({ name: 'InvalidSettings' });
  });
});
