/** The types of what is used of dynalite, which has none. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A server that stands in for DynamoDB, with its data in memory. */
  export default function dynalite(options: {
    /** How long a new table is `CREATING`. */
    readonly createTableMs: number;
  }): Server;
}
