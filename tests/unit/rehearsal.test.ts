import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Mistake } from '../../sandbox/command-line.ts';
import { openRehearsal } from '../../sandbox/rehearsal.ts';

it('converts the file with the keys by its whole path: .NET and PowerShell differ on where a short one starts', () => {
  const directory = mkdtempSync(join(tmpdir(), 'env 복구 '));
  try {
    const path = join(directory, 'cp949.env');
    writeFileSync(path, Buffer.from([0x23, 0xc7, 0xd1, 0xb1, 0xdb, 0x0a]));
    const open = () =>
      openRehearsal({
        scenario: 'healthy',
        keep: false,
        target: 'sandbox',
        targets: undefined,
        keysFrom: relative(process.cwd(), path),
        runCommands: false,
        functionZip: undefined,
        functionHandler: 'index.handler',
      });
    expect(open).toThrow(Mistake);
    expect(open).toThrow(`'${path}.utf8'`);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
});
