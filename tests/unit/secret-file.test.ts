import fs, {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSecretFile } from '../../cli/secret-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), '환경 파일 '));
  path = join(directory, '.env');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

describe('writeSecretFile', () => {
  /** Windows knows no modes. */
  const expectOwnerOnly = (file: string) => {
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  };

  it.each([{ overwrite: false }, { overwrite: true }])(
    'creates a file for its owner alone: %j',
    (options) => {
      writeSecretFile(path, 'A=한글\n', options);
      expect(readFileSync(path, 'utf8')).toBe('A=한글\n');
      expectOwnerOnly(path);
      expect(readdirSync(directory)).toEqual(['.env']);
    },
  );

  it('leaves a file alone that it may not overwrite', () => {
    writeFileSync(path, 'A=1\n');
    expect(() => writeSecretFile(path, 'A=2\n', { overwrite: false })).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
    expect(readFileSync(path, 'utf8')).toBe('A=1\n');
  });

  it('replaces a file that others may read by one that they may not', () => {
    writeFileSync(path, 'A=1\nB=2\n', { mode: 0o644 });
    writeSecretFile(path, 'A=2\n', { overwrite: true });
    expect(readFileSync(path, 'utf8')).toBe('A=2\n');
    expectOwnerOnly(path);
    expect(readdirSync(directory)).toEqual(['.env']);
  });

  it('keeps a symbolic link and replaces what it points to, in its own folder', () => {
    mkdirSync(join(directory, 'shared'));
    const target = join(directory, 'shared', 'real.env');
    writeFileSync(target, 'A=1\n', { mode: 0o644 });
    symlinkSync(join('shared', 'real.env'), path);
    writeSecretFile(path, 'A=2\n', { overwrite: true });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('A=2\n');
    expectOwnerOnly(target);
    expect(readdirSync(join(directory, 'shared'))).toEqual(['real.env']);
  });

  it('takes the place of a symbolic link that points nowhere, if it may overwrite', () => {
    symlinkSync('gone.env', path);
    expect(() => writeSecretFile(path, 'A=1\n', { overwrite: false })).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
    writeSecretFile(path, 'A=1\n', { overwrite: true });
    expect(readFileSync(path, 'utf8')).toBe('A=1\n');
    expect(readdirSync(directory)).toEqual(['.env']);
  });

  it('refuses a folder, and one that is not there', () => {
    mkdirSync(path);
    expect(() => writeSecretFile(path, 'A=1\n', { overwrite: true })).toThrow(
      expect.objectContaining({ code: 'EISDIR' }),
    );
    expect(readdirSync(directory)).toEqual(['.env']);
    expect(() => writeSecretFile(join(directory, 'none', '.env'), 'A=1\n', { overwrite: true })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it('puts no file in the place of what is none', async () => {
    // Windows keeps its sockets out of folders.
    if (process.platform === 'win32') return;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      expect(() => writeSecretFile(path, 'A=1\n', { overwrite: true })).toThrow();
      expect(lstatSync(path).isSocket()).toBe(true);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it.each(['writeFileSync', 'renameSync'] as const)(
    'keeps the old file and leaves no other one when %s fails',
    (step) => {
      writeFileSync(path, 'A=1\n');
      jest.spyOn(fs, step).mockImplementationOnce(() => {
        throw new Error('no space left');
      });
      expect(() => writeSecretFile(path, 'A=2\n', { overwrite: true })).toThrow('no space left');
      expect(readFileSync(path, 'utf8')).toBe('A=1\n');
      expect(readdirSync(directory)).toEqual(['.env']);
    },
  );

  it('leaves no half-written file where there was none', () => {
    jest.spyOn(fs, 'writeFileSync').mockImplementationOnce(() => {
      throw new Error('no space left');
    });
    expect(() => writeSecretFile(path, 'A=1\n', { overwrite: false })).toThrow('no space left');
    expect(readdirSync(directory)).toEqual([]);
  });
});
