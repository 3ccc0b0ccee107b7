/** Lets a recovery follow another at once: whoever plays breaks things faster than they break by themselves. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyAll } from './copy.ts';
import type { Sandbox } from './sandbox.ts';

/** The fields of `pauses`, as the bundles hold the target. */
const pauses = { cooldownMinutes: 0, maxFailures: 1000, windowHours: 1 };

/**
 * Changes the target in the bundles of those functions that go by its pauses, as another target file would.
 *
 * @param directory for the changed bundles: the packaged ones are shared.
 */
export function shortenPauses({ functions }: Pick<Sandbox, 'functions'>, directory: string): void {
  for (const name of functions.names())
    functions.replaceCode(name, (packaged) => {
      const changed = readdirSync(packaged, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.[cm]?js$/.test(file))
        .map((file) => ({ file, was: readFileSync(join(packaged, file), 'utf8') }))
        .map(({ file, was }) => ({ file, was, is: withPauses(was) }))
        .filter(({ was, is }) => was !== is);
      if (changed.length === 0) return packaged;
      const copy = join(directory, name);
      copyAll(packaged, copy);
      for (const { file, is } of changed) writeFileSync(join(copy, file), is);
      return copy;
    });
}

/** With or without quotes around the names, as esbuild or JSON writes them. */
const withPauses = (code: string): string =>
  Object.entries(pauses).reduce(
    (text, [field, value]) => text.replaceAll(new RegExp(`("?${field}"?: ?)\\d+`, 'g'), `$1${value}`),
    code,
  );
