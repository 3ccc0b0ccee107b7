import { rmSync } from 'node:fs';

export default function removeStacks(): void {
  rmSync(process.env.PACKAGED_STACKS ?? '', { recursive: true, force: true, maxRetries: 5 });
}
