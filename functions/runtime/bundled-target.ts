import type { DeployedTarget } from '../../workflow/target.ts';

/**
 * The target that the stack was packaged for, as it was checked then. In a bundle, stack/bundle-target.cjs puts it here
 * as data; outside of a bundle there is none.
 */
export const bundledTarget: DeployedTarget | undefined = undefined;
