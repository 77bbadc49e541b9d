import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import { isObject, parseJson } from '../../lib/json.ts';
import { readIfThere } from '../../lib/files.ts';

/** The checks that an app brings with it, as argument vectors to be run in its tree; null where it has none. */
export interface AppChecks {
  test: string[] | null;
  types: string[] | null;
}

const NPM_DEFAULT_TEST = /no test specified/;
/** Words that mean the same without a shell. */
const PLAIN = /^[\w./:=@,+-]+( [\w./:=@,+*-]+)*$/;

/** Reads `package.json`. `test` overrides its script. */
export async function appChecks(tree: string, test?: string): Promise<AppChecks> {
  const manifest = parseJson((await readIfThere(join(tree, 'package.json')))?.toString('utf8') ?? '');
  const scripts = isObject(manifest) && isObject(manifest['scripts']) ? manifest['scripts'] : {};
  const script = typeof scripts['test'] === 'string' ? scripts['test'] : null;
  const compiler = 'node_modules/typescript/bin/tsc';
  return {
    test: testArgv(test ?? null, script),
    types:
      (await isThere(join(tree, 'tsconfig.json'))) && (await isThere(join(tree, compiler)))
        ? ['node', compiler, '--noEmit', '-p', 'tsconfig.json']
        : null,
  };
}

/** A plain `node …` script is run as it is: npm would only add its own start-up. Throws `usage` for an override with shell syntax. */
function testArgv(override: string | null, script: string | null): string[] | null {
  const given = override !== null && override !== 'npm test';
  const wanted = given ? override : script;
  if (wanted === null || wanted.trim() === '' || NPM_DEFAULT_TEST.test(wanted)) return null;
  const plain = PLAIN.test(wanted) && !wanted.includes('*');
  if (plain && (given || wanted.startsWith('node '))) return wanted.split(' ');
  if (given)
    throw new VouchError('usage', `the test command needs a shell: ${wanted}`, {
      hint: 'put it into the test script of package.json',
    });
  return ['npm', 'test'];
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
