/** What an error message says went wrong, as far as a program can use it. */
type FaultKind =
  | 'nullish-read' // Cannot read/set/destructure/convert … of null or undefined
  | 'not-function'
  | 'not-constructor'
  | 'not-iterable'
  | 'not-defined'
  | 'before-initialisation'
  | 'constant-assignment'
  | 'json'
  | 'date'
  | 'url'
  | 'uri'
  | 'regex'
  | 'bigint-mix'
  | 'bigint-parse'
  | 'bigint-json'
  | 'circular'
  | 'empty-reduce'
  | 'count' // Invalid count value, Invalid array length, digits argument
  | 'class-call'
  | 'headers-sent'
  | 'argument-type' // ERR_INVALID_ARG_TYPE and kin
  | 'sql' // an answer of the database
  | 'recursion'
  | 'emitter' // Unhandled 'error' event
  | 'environment' // refused connections, full disks, wrong passwords: not a matter of code
  | 'hang'
  | 'other';

export interface Fault {
  kind: FaultKind;
  /** The expression as V8 prints it: `row.items`, `f(...)`. */
  expression: string | null;
  /** The property that was read or called, or the name that is missing. */
  key: string | null;
  /** What the receiver was. */
  value: 'null' | 'undefined' | null;
}

type Rule = [pattern: RegExp, make: (match: RegExpExecArray) => Partial<Fault> & { kind: FaultKind }];

const nullish = (text: string | undefined): Fault['value'] => (text === 'null' ? 'null' : 'undefined');
const last = (text: string | undefined): string | null => text?.split('.').at(-1) ?? null;

/** V8's messages (src/common/message-template.h), Node's codes, PostgreSQL's texts (errcodes and libpq). First match wins. */
const RULES: Rule[] = [
  [
    /ECONNREFUSED|ENOSPC|EACCES|EMFILE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EROFS|EADDRINUSE|certificate has expired|password authentication failed|WRONGPASS|NOAUTH|remaining connection slots|too many clients|the database system is (?:starting|shutting)|out of memory|No space left|could not extend file|OOM command not allowed|fetch failed|invalid api key|answered 40[13]\b|READONLY You can't write/i,
    () => ({ kind: 'environment' }),
  ],
  [
    /Cannot read propert(?:y|ies) of (null|undefined) \(reading '(.*)'\)/s,
    (m) => ({ kind: 'nullish-read', value: nullish(m[1]), key: m[2]! }),
  ],
  [
    /Cannot set propert(?:y|ies) of (null|undefined) \(setting '(.*)'\)/s,
    (m) => ({ kind: 'nullish-read', value: nullish(m[1]), key: m[2]! }),
  ],
  [
    /Cannot destructure property '(.*)' of '(.*)' as it is (null|undefined)/s,
    (m) => ({ kind: 'nullish-read', key: m[1]!, expression: m[2]!, value: nullish(m[3]) }),
  ],
  [
    /Cannot destructure '(.*)' as it is (null|undefined)/s,
    (m) => ({ kind: 'nullish-read', expression: m[1]!, value: nullish(m[2]) }),
  ],
  [/Cannot convert undefined or null to object/, () => ({ kind: 'nullish-read', value: 'undefined' })],
  [
    /Cannot use 'in' operator to search for '(.*)' in (null|undefined)/s,
    (m) => ({ kind: 'nullish-read', key: m[1]!, value: nullish(m[2]) }),
  ],
  [/Class constructor (\S+) cannot be invoked without 'new'/, (m) => ({ kind: 'class-call', key: m[1]! })],
  [
    /^(.*?) is not a function or its return value is not iterable/s,
    (m) => ({ kind: 'not-iterable', expression: m[1]! }),
  ],
  [
    /^(?:\(intermediate value\)\.?|\(.*\)\.)?(\S.*?) is not a function/s,
    (m) => ({ kind: 'not-function', expression: m[1]!, key: last(m[1]) }),
  ],
  [/^(.*?) is not a constructor/s, (m) => ({ kind: 'not-constructor', expression: m[1]!, key: last(m[1]) })],
  [
    /^(.*?) is not (?:async )?iterable/s,
    (m) => ({ kind: 'not-iterable', expression: m[1]!, value: m[1] === 'null' ? 'null' : null }),
  ],
  [/Spread syntax requires/, () => ({ kind: 'not-iterable' })],
  [/^(\S+) is not defined/, (m) => ({ kind: 'not-defined', key: m[1]! })],
  [/Cannot access '(.*)' before initialization/, (m) => ({ kind: 'before-initialisation', key: m[1]! })],
  [/Assignment to constant variable/, () => ({ kind: 'constant-assignment' })],
  [/^"undefined" is not valid JSON/, () => ({ kind: 'json', value: 'undefined' })],
  [
    /is not valid JSON|Unexpected end of JSON input|Unexpected token .* in JSON|in JSON at position|Bad control character in string literal/s,
    () => ({ kind: 'json' }),
  ],
  [/Invalid time value/, () => ({ kind: 'date' })],
  [/Invalid URL/, () => ({ kind: 'url' })],
  [/URI malformed/, () => ({ kind: 'uri' })],
  [/Invalid regular expression/, () => ({ kind: 'regex' })],
  [/Cannot mix BigInt|Cannot convert a BigInt value to a number/, () => ({ kind: 'bigint-mix' })],
  [/to a BigInt/, () => ({ kind: 'bigint-parse' })],
  [/serialize a BigInt/, () => ({ kind: 'bigint-json' })],
  [/circular structure to JSON/, () => ({ kind: 'circular' })],
  [/Reduce of empty array/, () => ({ kind: 'empty-reduce' })],
  [
    /Invalid count value|Invalid array length|digits argument must be|precision argument must be|radix (?:argument )?must be|Invalid typed array length/,
    () => ({ kind: 'count' }),
  ],
  [
    /Cannot (?:set|write|remove) headers after they are sent|ERR_HTTP_HEADERS_SENT|Reply was already sent|write after end/,
    () => ({ kind: 'headers-sent' }),
  ],
  [
    /invalid input syntax for|duplicate key value violates|violates (?:foreign key|not-null|check|unique) constraint|value too long for type|out of range for type|(?:column|relation) .* does not exist|bind message supplies|syntax error at or near|could not determine data type|deadlock detected|must not be negative|date\/time field value out of range|invalid byte sequence|current transaction is aborted|could not serialize|numeric field overflow|division by zero/,
    () => ({ kind: 'sql' }),
  ],
  [/Maximum call stack size exceeded/, () => ({ kind: 'recursion' })],
  [/Unhandled 'error' event/, () => ({ kind: 'emitter' })],
  [
    /argument must be (?:of type|an instance)|Received (?:undefined|null|an instance of|type)|Invalid value "undefined" for header|ERR_INVALID_ARG_TYPE|Invalid character in header/,
    () => ({ kind: 'argument-type' }),
  ],
  [/timed? ?out|timeout|no answer|hang|ETIMEDOUT|ECONNRESET|socket hang up/i, () => ({ kind: 'hang' })],
];

export function faultOf(error: { type: string; message: string; raw?: string }): Fault {
  const text = error.message.replace(/^(?:Uncaught )?[A-Z]\w*(?:Error|Exception)(?: \[[A-Z_]+\])?: /, '');
  const none = { expression: null, key: null, value: null };
  for (const [pattern, make] of RULES) {
    const match = pattern.exec(text);
    if (match !== null) return { ...none, ...make(match) };
  }
  if (/Unhandled 'error' event/.test(error.raw ?? '')) return { ...none, kind: 'emitter' };
  return { ...none, kind: 'other' };
}
