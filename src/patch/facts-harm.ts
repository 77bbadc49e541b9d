import { isSecretName } from '../lib/secrets.ts';
import { squeezed, type Add, type Scope } from './fact.ts';
import { literalText, propertyOf } from './modules.ts';
import { isNode, walk, type Node } from './syntax.ts';

/** What no fix should do, whatever it reaches: swallow errors, change built-ins, switch TLS off, hold secrets. */
export function harmFacts(node: Node, scope: Scope): void {
  swallows(node, scope);
  assignments(node, scope);
  properties(node, scope);
}

function swallows(node: Node, { add }: Scope): void {
  const isTry = node.type === 'TryStatement';
  const [clause, finalizer] = isTry ? [node['handler'], node['finalizer']] : [];
  if (isNode(clause) && statementsOf(clause['body']).length === 0 && !onlyParses(node['block']))
    add('swallow', clause, 'catch', 'swallows an error (empty catch)');
  if (isNode(finalizer)) {
    const last = statementsOf(finalizer).at(-1);
    if (last && /^(?:Return|Break|Continue)Statement$/.test(last.type))
      add('swallow', node, 'finally', 'swallows an error (finally leaves the function)');
  }
  if (node.type !== 'CallExpression') return;
  const callee = node['callee'] as Node;
  const method = callee.type === 'MemberExpression' ? propertyOf(callee) : null;
  const args = node['arguments'] as Node[];
  const handler = method === 'catch' ? args[0] : method === 'then' ? args[1] : undefined;
  const object = callee['object'];
  const readsBody =
    isNode(object) && object.type === 'CallExpression' && propertyOf(object['callee'] as Node) === 'json';
  if (handler && doesNothing(handler) && !readsBody)
    add('swallow', node, '.catch', 'swallows a rejection (a handler that does nothing)');
  const event = literalText(args[0]);
  const isHook =
    /^(?:on|once|addListener|prependListener)$/.test(method ?? '') &&
    /^(?:uncaughtException|unhandledRejection|uncaughtExceptionMonitor|rejectionHandled|warning)$/.test(
      event ?? '',
    );
  if (isHook || method === 'setUncaughtExceptionCaptureCallback')
    add('swallow', node, `process ${event ?? method}`, `catches errors of other code (${event ?? method})`);
  if (/^removeAllListeners$/.test(method ?? ''))
    add('swallow', node, 'removeAllListeners', 'removes listeners of other code');
}

function statementsOf(block: unknown): Node[] {
  return isNode(block) && Array.isArray(block['body']) ? block['body'].filter(isNode) : [];
}

const PARSERS = /^(?:parse|URL|decodeURIComponent|decodeURI|BigInt|RegExp|Date|toISOString)$/;

/**
 * Whether all that a block does is one statement that reads a text: `return JSON.parse(cached)`. That it fails says
 * that the text is not what it should be, and going on without it is a decision, not a swallowed error.
 */
function onlyParses(block: unknown): boolean {
  const statements = statementsOf(block);
  if (statements.length !== 1) return false;
  let parses = 0;
  let other = 0;
  walk(statements[0]!, (node) => {
    if (/^(?:Await|Yield)Expression$|^(?:Throw|Try)Statement$/.test(node.type)) other++;
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return;
    const callee = node['callee'] as Node;
    const name =
      callee.type === 'Identifier'
        ? String(callee['name'])
        : callee.type === 'MemberExpression'
          ? propertyOf(callee)
          : null;
    if (PARSERS.test(name ?? '')) parses++;
    else other++;
  });
  return parses > 0 && other === 0;
}

function doesNothing(fn: Node): boolean {
  if (fn.type !== 'ArrowFunctionExpression' && fn.type !== 'FunctionExpression')
    return fn.type === 'Identifier' && /^noop$/i.test(String(fn['name']));
  const body = fn['body'] as Node;
  if (body.type === 'BlockStatement') return (body['body'] as unknown[]).length === 0;
  return (
    (body.type === 'Literal' && body['value'] === null) ||
    (body.type === 'Identifier' && body['name'] === 'undefined') ||
    (body.type === 'UnaryExpression' && body['operator'] === 'void')
  );
}

const BUILT_INS =
  /^(?:console|process|Error|TypeError|Object|Array|String|Number|Promise|JSON|Date|Math|Function|RegExp|Map|Set|Buffer|Reflect|Symbol|globalThis|global)$/;

function assignments(node: Node, scope: Scope): void {
  const { add } = scope;
  const targets =
    node.type === 'AssignmentExpression'
      ? [node['left']]
      : node.type === 'UnaryExpression' && node['operator'] === 'delete'
        ? [node['argument']]
        : [];
  if (node.type === 'CallExpression') {
    const callee = node['callee'] as Node;
    const name = callee.type === 'MemberExpression' ? propertyOf(callee) : null;
    if (/^(?:defineProperty|defineProperties|setPrototypeOf)$/.test(name ?? ''))
      targets.push((node['arguments'] as unknown[])[0]);
  }
  for (const target of targets) {
    let root = target;
    let depth = 0;
    while (isNode(root) && root.type === 'MemberExpression') {
      root = root['object'];
      depth++;
    }
    if (!isNode(root) || root.type !== 'Identifier') continue;
    const name = String(root['name']);
    const viaCall = node.type === 'CallExpression';
    if (!BUILT_INS.test(name) || scope.bindings.has(name) || (depth === 0 && !viaCall)) continue;
    const text = squeezed(scope.source, target as Node);
    if (/^process\.env\b|^process\.exitCode$/.test(text)) continue; // the first is a fact of its own
    add('tamper', node, text, `changes a built-in (${text})`);
  }
}

function properties(node: Node, { add }: Scope): void {
  const isPair = node.type === 'Property' || node.type === 'PropertyDefinition';
  if (isPair || node.type === 'VariableDeclarator' || node.type === 'AssignmentExpression') {
    const target = (isPair ? node : (node['id'] ?? node['left'])) as Node;
    const name = target.type === 'Identifier' ? String(target['name']) : propertyOf(target);
    const value = node['value'] ?? node['init'] ?? node['right'];
    if (name !== null && isNode(value)) pair(name, value, node, add);
  }
  const text = node.type === 'TemplateElement' ? (node['value'] as { raw: string }).raw : literalText(node);
  if (text === null) return;
  const place = /\/proc\/|\/sys\/fs\/cgroup|LD_PRELOAD|FAKETIME|\.dockerenv|\bVOUCH/.exec(text)?.[0];
  if (place !== undefined) add('detect', node, place, `looks for the sandbox (${place})`);
  const tls = /NODE_TLS_REJECT_UNAUTHORIZED|\bsslmode=(?:disable|allow|prefer|no-verify)/.exec(text)?.[0];
  if (tls !== undefined) add('tls', node, tls, `switches verification of TLS off (${tls})`);
}

function pair(name: string, value: Node, node: Node, add: Add): void {
  const isFalse = value.type === 'Literal' && value['value'] === false;
  const off = /^(?:rejectUnauthorized|strictSSL)$/.test(name)
    ? !(value.type === 'Literal' && value['value'] === true)
    : false;
  if (
    off ||
    name === 'checkServerIdentity' ||
    (/^(?:ssl|tls|useTLS)$/i.test(name) && isFalse) ||
    (name === 'insecure' && !isFalse)
  )
    add('tls', node, name, `switches verification of TLS off (${name})`);
  const text = literalText(value);
  if (text !== null && isSecretName(name) && /^\S{8,}$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text))
    add('secret', node, name, `holds a secret in the source (${name})`);
}
