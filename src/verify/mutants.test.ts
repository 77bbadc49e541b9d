import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutantsOf, quotedInputs } from './mutants.ts';

let tree: string;
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'vouch-mutants-'));
  await writeFile(join(tree, 'a.js'), 'const price = 10;\nreturn row.total * 10;\nkeep(5);\n');
});
afterAll(() => rm(tree, { recursive: true, force: true }));

const literals = async (after: string, path = 'a.js'): Promise<string[]> =>
  (await mutantsOf(tree, { [path]: after })).map(({ literal }) => literal);

describe('the constants of a patch', () => {
  it('are those that its lines bring in', async () => {
    expect(await literals('const price = 10;\nreturn row?.total * 10 || 0;\nkeep(5);\n')).toEqual(['0']);
    expect(await literals('const price = 10;\nreturn row.total * 10;\nkeep(5);\nmore(7);\n')).toEqual(['7']);
  });

  it('are its own where the old line had that text only inside another constant, or less often', async () => {
    expect(await literals('const price = 10;\nreturn row.total * 10 + 1;\nkeep(5);\n')).toEqual(['1']);
    expect(await literals('const price = 10;\nreturn row.total * 10 + 10;\nkeep(5);\n')).toEqual(['10']);
    expect(await literals('const price = 10;\nreturn row.total * 5;\nkeep(5);\n')).toEqual(['5']);
  });

  it('are changed within their kind', async () => {
    const after = "a(1, 2n, true, null, 'x', `y${z}`, [], {});\n";
    const changed = await mutantsOf(tree, { 'new.js': after });
    expect(changed.map(({ changes }) => changes['new.js'])).toEqual([
      after.replace('1', '2'),
      after.replace('2n', '3n'),
      after.replace('true', 'false'),
      after.replace('null', '0'),
      after.replace("'x'", '"x~"'),
      after.replace('`y${z}`', '`y${z}~`'),
      after.replace('[]', '[1]'),
      after.replace('{}', '{ vouch: 1 }'),
    ]);
  });

  it('are not names: modules, keys, kinds; what is compared with a sign is one', async () => {
    expect(
      await literals(
        "import a from 'a';\nconst b = require('b');\nif (typeof x === 'string') y = { 'k': z['m'] };\n",
        'new.js',
      ),
    ).toEqual([]);
    expect(await literals('if (+x > 5) y();\n', 'new.js')).toEqual(['5']);
  });

  it('are none where the patch does not parse, is no code, or removes a file', async () => {
    expect(await literals('return ((', 'new.js')).toEqual([]);
    expect(await literals('{"a": 1}', 'a.json')).toEqual([]);
    expect(await mutantsOf(tree, { 'a.js': null })).toEqual([]);
  });
});

describe('values of the request that a patch compares with', () => {
  const quoted = (after: string): Promise<string[]> =>
    quotedInputs(tree, { 'new.js': after }, new Set(['NOPE', '17', '7']));

  it.each([
    "if (code === 'NOPE') x();",
    'if (code === `NOPE`) x();',
    "switch (code) { case 'NOPE': }",
    "if (['NOPE'].includes(code)) x();",
    "if (code.startsWith('NOPE')) x();",
    'if (/^NOPE$/.test(code)) x();',
    'if (code.match(/NOPE/i)) x();',
    'if (id == 17) x();',
  ])('are found in %s', async (after) => expect(await quoted(after)).toHaveLength(1));

  it.each(["return 'NOPE';", "if (code === 'OTHER') x();", 'if (n > 7) x();', 'x(`${a}NOPE`);'])(
    'are not found in %s',
    async (after) => expect(await quoted(after)).toEqual([]),
  );
});
