import type { Frame } from './model.ts';

const MAX_LINE = 2000;
const MAX_NAME = 200;

/**
 * One line of a V8 stack (https://v8.dev/docs/stack-trace-api) as a frame, or null if it is none. `file` is relative to
 * `appRoot` where it lies in it.
 */
export function parseNodeFrame(line: string, appRoot: string): Frame | null {
  if (line.length > MAX_LINE) return null;
  const at = /^\s*at (.+?)(?:,|\s*\{)?\s*$/.exec(line)?.[1];
  if (at === undefined) return null;
  // `name (place)`: the place may itself hold brackets (`eval at f (file)`), a name may hold `[as g]`.
  const open = at.endsWith(')') ? at.indexOf(' (') : -1;
  if (open > 0) {
    const place = parsePlace(at.slice(open + 2, -1));
    return place === null ? null : frame(at.slice(0, open), place, appRoot);
  }
  const bare = at.replace(/^async /, '');
  const place = parsePlace(bare);
  return place === null || bare.startsWith('index ') ? null : frame(null, place, appRoot);
}

interface Place {
  file: string;
  line: number | null;
  column: number | null;
}

function parsePlace(text: string): Place | null {
  // The code that was given to eval has no file: where it was called from is what names it.
  const evaluated = /^eval at .*?\(((?!eval at )[^()]+:\d+:\d+)\)/.exec(text)?.[1];
  if (evaluated !== undefined) return parsePlace(evaluated);
  if (text === '<anonymous>' || text === 'native' || /^index \d+$/.test(text)) {
    return { file: text, line: null, column: null };
  }
  const found = /^(\S.*?):(\d+):(\d+)$/.exec(text) ?? /^((?:node:|file:|\/)\S*?):(\d+)()$/.exec(text);
  if (found === null) return null;
  return {
    file: pathOf(found[1]!),
    line: Number(found[2]),
    column: found[3] === '' ? null : Number(found[3]),
  };
}

function pathOf(file: string): string {
  if (!file.startsWith('file://')) return file;
  try {
    return decodeURIComponent(new URL(file).pathname);
  } catch {
    return file.slice('file://'.length);
  }
}

/** One `File "…", line N, in f` of a Python traceback, or null. */
export function parsePythonFrame(line: string, appRoot: string): Frame | null {
  if (line.length > MAX_LINE) return null;
  const found = /^\s*File "([^"]+)", line (\d+)(?:, in (.+?))?\s*$/.exec(line);
  if (found === null) return null;
  const name = found[3] === undefined || found[3] === '<module>' ? null : found[3];
  return frame(name, { file: found[1]!, line: Number(found[2]), column: null }, appRoot);
}

function frame(name: string | null, place: Place, appRoot: string): Frame {
  const root = appRoot.endsWith('/') ? appRoot : `${appRoot}/`;
  const inRoot = place.file.startsWith(root);
  const file = inRoot ? place.file.slice(root.length) : place.file;
  const relative = inRoot || (/^[\w.@-][\w./@-]*\.\w+$/.test(file) && !file.startsWith('internal/'));
  return {
    function: name === null || name === '<anonymous>' ? null : name.slice(0, MAX_NAME),
    file,
    line: place.line,
    column: place.column,
    inApp: relative && !/(?:^|\/)(?:node_modules|site-packages|dist-packages|\.venv|venv)\//.test(file),
  };
}
