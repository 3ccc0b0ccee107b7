import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyAll } from '../../sandbox/copy.ts';

const root = join(import.meta.dirname, '..', '..');
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), '복사 '));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

it('copies a folder with all that is in it, whatever the names', () => {
  const [from, to] = [join(directory, '원본 폴더'), join(directory, '사본', '폴더')];
  mkdirSync(join(from, '하위', 'empty'), { recursive: true });
  writeFileSync(join(from, '하위', '파일 1.txt'), Buffer.from([0, 255, 13, 10]));
  writeFileSync(join(from, 'b.txt'), 'b');
  copyAll(from, to);
  const entries = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  expect(entries(to)).toEqual(entries(from));
  expect([...readFileSync(join(to, '하위', '파일 1.txt'))]).toEqual([0, 255, 13, 10]);
});

it('copies a single file into a folder that is not there yet', () => {
  writeFileSync(join(directory, 'a.txt'), 'a');
  copyAll(join(directory, 'a.txt'), join(directory, '나', '가.txt'));
  expect(readFileSync(join(directory, '나', '가.txt'), 'utf8')).toBe('a');
});

it('is the only way to copy here: Node copies no folder with a Korean name on Windows', () => {
  const folders = [
    'aws',
    'cli',
    'docs',
    'env',
    'functions',
    'sandbox',
    'stack',
    'targets',
    'tests',
    'workflow',
  ];
  const using = folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .filter((file) =>
      /^import \{[^}]*\bcp(Sync)?\b[^}]*\} from/m.test(readFileSync(join(root, file), 'utf8')),
    );
  expect(using).toEqual([]);
});
