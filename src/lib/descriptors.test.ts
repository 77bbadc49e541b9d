import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SCRIPT = `
  const { spawnSync } = await import('node:child_process');
  const { keepInheritedFiles } = await import(${JSON.stringify(join(import.meta.dirname, 'descriptors.ts'))});
  const seen = () => spawnSync('sh', ['-c', '[ -e /proc/self/fd/40 ] && echo yes || echo no'], { encoding: 'utf8' }).stdout.trim();
  const before = seen();
  const marked = await keepInheritedFiles();
  console.log(JSON.stringify({ before, marked: marked.includes(40), after: seen() }));
`;

test('a file that our parent left open is not handed on', async () => {
  // Node itself marks the first sixteen and those that follow without a gap, when it starts.
  const open = [
    'bash',
    '-c',
    'exec 40</dev/null; exec "$@"',
    'bash',
    process.execPath,
    '--input-type=module',
    '-e',
    SCRIPT,
  ];
  const child = spawn('env', open, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  for await (const chunk of child.stdout) out += String(chunk);
  expect(JSON.parse(out)).toEqual({ before: 'yes', marked: true, after: 'no' });
});
