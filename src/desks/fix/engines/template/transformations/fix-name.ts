import { isCall, isIdentifier, isMember, unwrap } from '../../../locate/ast.ts';
import { bound, exported, moduleOf } from '../../../locate/modules.ts';
import { builtinModules } from 'node:module';
import { findAll, keyName, propertyName, type Node } from '../../../locate/ast.ts';
import { insert, replace } from '../edits.ts';
import { closest } from '../names.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** A name that nothing declares is a slip of the pen for one that is in scope. */
export const fixName: Transformation = {
  name: 'fix-name',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'not-defined' && isIdentifier(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isIdentifier(node)) return [];
    const names = source.scopes.visible(node);
    return closest(node.name, names.keys(), 0.4)
      .slice(0, 3)
      .map(({ name, score }) => ({
        edits: [
          replace(
            source,
            node,
            source.parent(node)?.type === 'Property' && isShorthand(source, node)
              ? `${node.name}: ${name}`
              : name,
          ),
        ],
        title: `Use ${name}, not ${node.name}`,
        why: `nothing declares ${node.name}; ${name} is in scope at ${site.place(node)}`,
        weight: 0.25 + 0.6 * score + (names.get(name)?.scope.parent === null ? 0 : 0.05),
      }));
  },
};

function isShorthand(source: Source, node: Node): boolean {
  const parent = source.parent(node);
  return parent?.type === 'Property' && parent.shorthand;
}

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
export function importEdit(
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

const METHODS: Record<string, string[]> = {
  list: 'map filter forEach reduce reduceRight find findIndex findLast some every flatMap flat join sort push pop shift unshift slice splice concat includes indexOf reverse at fill entries keys values length toSorted'.split(
    ' ',
  ),
  text: 'trim trimStart trimEnd toLowerCase toUpperCase split replace replaceAll startsWith endsWith padStart padEnd substring slice charAt charCodeAt match matchAll localeCompare includes indexOf repeat concat normalize at length'.split(
    ' ',
  ),
  map: 'get set has delete clear forEach keys values entries size add'.split(' '),
  number: 'toFixed toPrecision toString'.split(' '),
  response: 'status json send end setHeader writeHead redirect type set header code sendStatus get'.split(
    ' ',
  ),
  date: 'toISOString getTime getFullYear getMonth getDate getHours toJSON'.split(' '),
};

/** A method that does not exist is a slip for one that does: of the value's kind, of the app's own object, of a module of ours. */
export const fixMethod: Transformation = {
  name: 'fix-method',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'not-function' || site.fault.kind === 'not-constructor') &&
    isCall(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isCall(node)) return [];
    const callee = unwrap(node.callee);
    const isName = isIdentifier(callee);
    const written = isName ? callee.name : isMember(callee) ? propertyName(callee) : null;
    if (written === null) return [];
    const at = isMember(callee) ? callee.property : callee;
    const own = isMember(callee) ? ownMembers(site, callee.object) : [];
    const known = Object.values(METHODS).some((names) => names.includes(written));
    const candidates =
      own.length > 0
        ? own
        : isMember(callee) && !known
          ? [...Object.values(METHODS).flat(), ...usedMethods(source, callee)]
          : isName
            ? importedNames(site, callee)
            : [];
    return closest(written, candidates, 0.4)
      .slice(0, 3)
      .map(({ name, score }) => ({
        edits: [replace(source, at, name)],
        title: `Call ${name}(), not ${written}()`,
        why:
          own.length > 0
            ? `the object has ${name} and no ${written}`
            : `nothing has a method ${written}; ${name} is one of a standard object or used in this file`,
        weight: (own.length > 0 ? 0.35 : 0.25) + 0.55 * score,
      }));
  },
};

/** The members of an object or class of the app. */
function ownMembers(site: Site, object: Node): string[] {
  const inner = unwrap(object);
  if (!isIdentifier(inner)) return [];
  const binding = site.source.scopes.resolve(inner.name, inner);
  const value = binding && bound(site.tree, site.source, binding);
  if (value === undefined) return [];
  let node = value.node;
  if (node.type === 'NewExpression' && isIdentifier(node.callee)) {
    const made = value.source.scopes.resolve(node.callee.name, node.callee);
    const target = made && bound(site.tree, value.source, made);
    if (target !== undefined) node = target.node;
  }
  if (node.type === 'ObjectExpression')
    return node.properties.map((each) => keyName(each)).filter((each) => each !== null);
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression')
    return (node.body.body as Node[]).map((each) => keyName(each)).filter((each) => each !== null);
  if (node.type === 'Program') return exportNames(node);
  return [];
}

function exportNames(program: Node): string[] {
  const names: string[] = [];
  for (const each of findAll(
    program,
    (node): node is Node => node.type === 'ExportNamedDeclaration' || node.type === 'AssignmentExpression',
  )) {
    if (each.type === 'ExportNamedDeclaration') {
      const declared = each.declaration as Node | null;
      if (declared?.type === 'FunctionDeclaration' && declared.id) names.push(declared.id.name);
      if (declared?.type === 'VariableDeclaration')
        for (const one of declared.declarations) if (one.id.type === 'Identifier') names.push(one.id.name);
    } else if (each.type === 'AssignmentExpression' && isMember(each.left)) {
      const name = propertyName(each.left);
      if (name !== null && isIdentifier(unwrap(each.left.object))) names.push(name);
    }
  }
  return names;
}

function usedMethods(source: Source, except: Node): string[] {
  return findAll(source.program, isCall)
    .filter((call) => unwrap(call.callee) !== except)
    .map((call) =>
      isMember(unwrap(call.callee))
        ? propertyName(unwrap(call.callee) as Node & Parameters<typeof propertyName>[0])
        : null,
    )
    .filter((each) => each !== null);
}

/** `const { getUsr } = require('./db')` where it exports `getUser`: what is called was never there. */
function importedNames(site: Site, callee: Node & { name: string }): string[] {
  const binding = site.source.scopes.resolve(callee.name, callee);
  const from = binding && moduleOf(site.source, binding);
  if (from === undefined)
    return [...site.source.scopes.visible(callee)]
      .filter(([, each]) => each.kind === 'function')
      .map(([name]) => name);
  return [];
}
