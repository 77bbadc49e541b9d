import { describe, expect, it } from 'vitest';
import { checkEngines, hasDependencies, plainCommand, scriptOf } from './package-json.ts';

describe('plainCommand', () => {
  it.each([
    ['node server.js', ['node', 'server.js']],
    [
      '  node   --enable-source-maps dist/main.js --port=3 ',
      ['node', '--enable-source-maps', 'dist/main.js', '--port=3'],
    ],
    ['next start', ['next', 'start']],
  ])('takes %j', (line, words) => {
    expect(plainCommand(line)).toEqual(words);
  });

  it.each([
    'A=1 node x',
    'node x && y',
    'node "a b"',
    'node $X',
    'node x; y',
    'node *.js',
    'node x | y',
    'node ~/x',
    '`x`',
    '',
  ])('leaves %j to a shell', (line) => {
    expect(plainCommand(line)).toBeUndefined();
  });
});

describe('checkEngines', () => {
  it.each(['>=20', '24.x', '^24', '>=18 <30', '*', '', '20 || 24'])(
    'accepts %j on Node.js 24.21.0',
    (node) => {
      expect(() => checkEngines({ engines: { node } }, '24.21.0', () => {})).not.toThrow();
    },
  );

  it.each(['18.x', '<24', '>=25', '~22.1'])('refuses %j', (node) => {
    expect(() => checkEngines({ engines: { node } }, '24.21.0', () => {})).toThrow(
      `asks for Node.js ${node}`,
    );
  });

  it('warns of what is no range', () => {
    const said: string[] = [];
    checkEngines({ engines: { node: 'latest greatest\u001b' } }, '24.21.0', (line) => said.push(line));
    expect(said).toEqual([expect.stringContaining('"latest greatest\\u001b" is not a version range')]);
  });
});

it('reads manifests whose members have the wrong type', () => {
  expect(scriptOf({ scripts: { start: 7 } }, 'start')).toBeUndefined();
  expect(scriptOf({ scripts: { start: ' ' } }, 'start')).toBeUndefined();
  expect(hasDependencies({ dependencies: {} })).toBe(false);
  expect(hasDependencies({ devDependencies: { a: '1' } })).toBe(true);
});
