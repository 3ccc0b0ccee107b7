/** What is used here of dynalite, which brings no types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A server that plays DynamoDB, with its data in memory. */
  export default function dynalite(options: {
    /** How long a new table is `CREATING`. */
    readonly createTableMs: number;
  }): Server;
}
