import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for the SDK's default provider chain in the bundles: Lambda puts a function's credentials into its
 * environment, and the other providers would only make it start more slowly.
 */
export const defaultProvider = () => fromEnv();
