import { VouchError } from '../../../lib/errors.ts';
import { isObject } from '../../../lib/json.ts';
import type { Frame } from '../../../incident/model.ts';
import type { FixContext } from '../engines/port.ts';
import { isFunction, isMember, walk, type Node } from './ast.ts';
import { faultOf, type Fault } from './fault.ts';
import { functionName } from './modules.ts';
import { findHandlers, handlerAround, type Handler } from './routes.ts';
import type { Source } from './source.ts';
import { searchFault } from './search.ts';
import { findSubject, callSubject } from './subject.ts';
import { SourceTree } from './tree.ts';

/** A place in the app's code that an incident points to. */
export interface Location {
  /** How it was found: a frame of the stack, the route of the failing request, or the suspect commit. */
  by: 'stack' | 'route' | 'commit';
  /** By route: code of the route that can raise such a fault was found, and is `node`; else `node` is the route's whole code. */
  searched: boolean;
  /** Position among the frames found, innermost 0. */
  depth: number;
  source: Source;
  line: number;
  column: number;
  /** What failed: the member that was read, the call that was under way; a whole handler where only the route is known. */
  node: Node;
  /** The value that made it fail (`row.coupon` of `row.coupon.percent`), if there is one. */
  subject: Node | null;
  handler: Handler | null;
  fault: Fault;
}

/**
 * Where to look, best first: the frames of the error and of its causes that are in the tree, innermost first; then, if there are
 * none, the handlers of the failing request's route; then the functions that the suspect commit touched. Empty when nothing fits.
 */
export async function locate(context: FixContext, tree?: SourceTree): Promise<Location[]> {
  return locateIn(context, tree ?? (await loadTree(context.tree)));
}

export async function loadTree(root: string): Promise<SourceTree> {
  try {
    return await SourceTree.load(root);
  } catch (error) {
    throw new VouchError('not-found', `the app's tree cannot be read: ${root}`, {
      cause: error,
      hint: 'check that the release has been checked out',
    });
  }
}

export function locateIn(context: FixContext, tree: SourceTree): Location[] {
  const { error } = context;
  const found: Location[] = [];
  // The innermost cause threw first.
  const deepest = error.causes.at(-1);
  const fault = faultOf({ type: error.type, message: error.message, raw: error.raw });
  if (deepest !== undefined) found.push(...ofStack(tree, deepest.frames, faultOf(deepest)));
  const own = ofStack(tree, error.frames, fault);
  for (const each of own) if (!found.some((other) => other.node === each.node)) found.push(each);
  if (found.length > 0) return found;
  found.push(...ofRoute(context, tree, fault));
  if (found.length === 0 && context.suspect !== null)
    found.push(...ofCommit(context.suspect.diff, tree, fault));
  return found;
}

function ofStack(tree: SourceTree, frames: Frame[], fault: Fault): Location[] {
  const found: Location[] = [];
  for (const frame of frames.slice(0, 50)) {
    if (!frame.inApp && /node_modules|^node:/.test(frame.file)) continue;
    const source = tree.source(frame.file.replace(/^file:\/\//, ''));
    if (source === undefined) continue;
    const offset = offsetOf(source, frame);
    if (offset === undefined) continue;
    const inner = found.length === 0;
    const { node, subject } = inner
      ? findSubject(source, offset, fault)
      : callSubject(source, offset, source.nodeAt(offset));
    found.push(location('stack', found.length, source, offset, node, subject, fault));
  }
  return found;
}

/** A position that is beyond the file (the tree is not what ran) falls back to the function of that name. */
function offsetOf(source: Source, frame: Frame): number | undefined {
  const at = frame.line === null ? undefined : source.offset(frame.line, frame.column ?? 1);
  if (at !== undefined) {
    if (frame.column !== null) return at;
    const text = source.text.slice(at);
    return at + (/^[ \t]*/.exec(text)?.[0].length ?? 0);
  }
  const name = frame.function
    ?.split('.')
    .at(-1)
    ?.replace(/ \[as .*$/, '');
  if (name === undefined || name === '<anonymous>') return undefined;
  let start: number | undefined;
  walk(source.program, (node) => {
    if (start === undefined && isFunction(node) && functionName(source, node) === name)
      start = node.body?.start;
  });
  return start;
}

function ofRoute(context: FixContext, tree: SourceTree, fault: Fault): Location[] {
  const request = failingRequest(context);
  if (request === undefined) return [];
  const found: Location[] = [];
  for (const match of findHandlers(tree, request.method, request.path)) {
    const { source } = match.handler;
    for (const hit of searchFault(tree, { source, node: match.node }, fault)) {
      found.push({
        ...location('route', 0, hit.source, telling(hit.node), hit.node, hit.subject, fault),
        searched: true,
      });
    }
    found.push({
      ...location('route', found.length, source, match.node.start, match.node, null, fault),
      handler: match.handler,
    });
  }
  return found;
}

/** Method and path of the inbound request that failed, where it was HTTP. */
export function failingRequest(context: FixContext): { method: string; path: string } | undefined {
  const exchange = context.slice.exchanges.find((each) => each.id === context.slice.failing);
  if (exchange === undefined) return undefined;
  const request = isObject(exchange.request) ? exchange.request : {};
  const target = request.path ?? request.target ?? request.url;
  if (typeof request.method === 'string' && typeof target === 'string')
    return { method: request.method.toUpperCase(), path: target };
  const match = /^([A-Z]+) (\S+)/.exec(exchange.summary);
  return match === null ? undefined : { method: match[1]!, path: match[2]! };
}

/** The position of a node that V8 would show. */
function telling(node: Node): number {
  return isMember(node) ? node.property.start : node.start;
}

function ofCommit(diff: string, tree: SourceTree, fault: Fault): Location[] {
  const found: Location[] = [];
  for (const hunk of hunksOf(diff)) {
    const source = tree.source(hunk.file);
    const at = source?.offset(hunk.firstChanged, 1);
    if (source === undefined || at === undefined) continue;
    const start = at + (/^\s*/.exec(source.text.slice(at))?.[0].length ?? 0);
    const inner = source.nodeAt(start);
    found.push(
      location('commit', found.length, source, start, source.statementOf(inner) ?? inner, null, fault),
    );
    if (found.length >= 5) break;
  }
  return found;
}

export interface Hunk {
  file: string;
  /** First line that the hunk covers in the new file, and first that it changed. */
  start: number;
  firstChanged: number;
  before: string[];
  after: string[];
}

/** The hunks of a git diff. Text that is not one gives none. */
export function hunksOf(diff: string): Hunk[] {
  const hunks: Hunk[] = [];
  let file: string | undefined;
  let hunk: Hunk | undefined;
  for (const line of diff.split('\n')) {
    const head = /^\+\+\+ (?:b\/)?(.+?)\s*$/.exec(line);
    const range = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (/^(?:diff --git|--- )/.test(line)) hunk = undefined;
    else if (head !== null && hunk === undefined) file = head[1] === '/dev/null' ? undefined : head[1];
    else if (range !== null && file !== undefined) {
      hunk = { file, start: Number(range[1]), firstChanged: 0, before: [], after: [] };
      hunks.push(hunk);
    } else if (hunk !== undefined) {
      const changed = line.startsWith('+') || line.startsWith('-');
      if (changed && hunk.firstChanged === 0) hunk.firstChanged = hunk.start + hunk.after.length;
      if (line.startsWith(' ') || line.startsWith('-')) hunk.before.push(line.slice(1));
      if (line.startsWith(' ') || line.startsWith('+')) hunk.after.push(line.slice(1));
    }
  }
  return hunks.filter((each) => each.firstChanged > 0);
}

function location(
  by: Location['by'],
  depth: number,
  source: Source,
  offset: number,
  node: Node,
  subject: Node | null,
  fault: Fault,
): Location {
  return {
    by,
    searched: false,
    depth,
    source,
    line: source.line(offset),
    column: source.column(offset),
    node,
    subject,
    handler: handlerAround(source, node) ?? null,
    fault,
  };
}
