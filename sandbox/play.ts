/** A sandbox that stays up for a person, who may break things in it. */
import { join } from 'node:path';
import { controlOf } from './control.ts';
import type { Sandbox } from './sandbox.ts';
import { shortenPauses } from './short-pauses.ts';

/** @param directory of this sandbox alone. */
export function letPlay(sandbox: Sandbox, directory: string): void {
  shortenPauses(sandbox, join(directory, 'short-pauses'));
  sandbox.endpoint.answerOwn = controlOf(sandbox);
}
