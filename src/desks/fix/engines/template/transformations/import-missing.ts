import { isIdentifier } from '../../../locate/ast.ts';
import { exported } from '../../../locate/modules.ts';
import { builtinModules } from 'node:module';
import { type Node } from '../../../locate/ast.ts';
import { insert } from '../edits.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

const BUILTIN_EXPORTS: Record<string, string> = {
  readFile: 'node:fs/promises',
  writeFile: 'node:fs/promises',
  mkdir: 'node:fs/promises',
  readFileSync: 'node:fs',
  writeFileSync: 'node:fs',
  existsSync: 'node:fs',
  createReadStream: 'node:fs',
  join: 'node:path',
  resolve: 'node:path',
  dirname: 'node:path',
  basename: 'node:path',
  extname: 'node:path',
  randomUUID: 'node:crypto',
  randomBytes: 'node:crypto',
  createHash: 'node:crypto',
  createHmac: 'node:crypto',
  timingSafeEqual: 'node:crypto',
  scryptSync: 'node:crypto',
  EventEmitter: 'node:events',
  once: 'node:events',
  promisify: 'node:util',
  inspect: 'node:util',
  fileURLToPath: 'node:url',
  pipeline: 'node:stream/promises',
  setTimeout: 'node:timers/promises',
  createServer: 'node:http',
  AsyncLocalStorage: 'node:async_hooks',
  performance: 'node:perf_hooks',
};

/** A module, a builtin's function or one of the app's own exports is used and not imported. */
export const importMissing: Transformation = {
  name: 'import-missing',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'not-defined' && isIdentifier(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isIdentifier(node)) return [];
    const found: Proposal[] = [];
    const add = (specifier: string, whole: boolean, why: string, weight: number): void => {
      found.push({
        edits: [importEdit(source, node.name, specifier, whole)],
        title: `Import ${node.name}`,
        why: `${node.name} is used at ${site.place(node)} and never imported; ${why}`,
        weight,
      });
    };
    if (builtinModules.includes(node.name)) add(`node:${node.name}`, true, `it is a module of Node.js`, 0.95);
    const builtin = Object.hasOwn(BUILTIN_EXPORTS, node.name) ? BUILTIN_EXPORTS[node.name] : undefined;
    if (builtin !== undefined) add(builtin, false, `${builtin} has it`, 0.85);
    for (const other of ownExports(site, node.name).slice(0, 2))
      add(relative(source.file, other.file), false, `${other.file} exports it`, 0.92);
    return found;
  },
};

function ownExports(site: Site, name: string): Source[] {
  if (!/^[\w$]+$/.test(name)) return [];
  const found: Source[] = [];
  for (const other of site.tree.matching(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`))) {
    if (other !== site.source && exported(site.tree, other, name) !== undefined) found.push(other);
  }
  return found;
}

/** In the file's own way: an `import`, or a `require`, after the last that is there. */
function importEdit(
  source: Source,
  name: string,
  specifier: string,
  whole: boolean,
): Proposal['edits'][number] {
  const { quote, semicolon: end, newline } = source.style;
  const statements = source.program.body as Node[];
  const esm = statements.some((each) => each.type === 'ImportDeclaration' || each.type.startsWith('Export'));
  const spelled =
    source.text.includes(`${quote}node:`) ||
    !/require\(|from\s/.test(source.text) ||
    !specifier.startsWith('node:')
      ? specifier
      : hasBare(source)
        ? specifier.slice(5)
        : specifier;
  const text = esm
    ? `import ${whole ? name : `{ ${name} }`} from ${quote}${spelled}${quote}${end}`
    : `const ${whole ? name : `{ ${name} }`} = require(${quote}${spelled}${quote})${end}`;
  const last = statements.findLast(
    (each) =>
      each.type === 'ImportDeclaration' ||
      (each.type === 'VariableDeclaration' && /\brequire\(/.test(source.slice(each))),
  );
  if (last !== undefined) return insert(source, last.end, newline + text);
  const first = statements.find((each) => !(each.type === 'ExpressionStatement' && each.directive));
  return insert(source, first?.start ?? 0, text + newline);
}

function hasBare(source: Source): boolean {
  return builtinModules.some(
    (name) =>
      source.text.includes(`require(${source.style.quote}${name}${source.style.quote})`) ||
      source.text.includes(`from ${source.style.quote}${name}${source.style.quote}`),
  );
}

function relative(from: string, to: string): string {
  const a = from.split('/').slice(0, -1);
  const b = to.split('/');
  while (a.length > 0 && b.length > 1 && a[0] === b[0]) {
    a.shift();
    b.shift();
  }
  return `${a.length === 0 ? './' : '../'.repeat(a.length)}${b.join('/')}`;
}
