import { createHash } from 'node:crypto';
import type { Frame } from './model.ts';
import { parameterise } from './parameterise.ts';

/** Raised whenever equal errors could get another fingerprint than before. Part of the fingerprint. */
const FINGERPRINT_VERSION = 1;

export interface Raised {
  type: string;
  message: string;
  frames: readonly Frame[];
}

const MAX_FRAMES = 20;

/**
 * Names the fault behind an error: the chain of types with their parameterised messages, and the app's own frames by
 * file and function. Lines and columns never count, so it survives the shifts that a fix causes; where no frame is the
 * app's own, the dependencies' count instead. `V.HEX`, V the version.
 */
export function fingerprintOf(error: Raised & { causes?: readonly Raised[] }): string {
  const chain = [error, ...(error.causes ?? [])];
  return hash(['error', ...chain.map((one) => [one.type, parameterise(one.message), framesOf(one.frames)])]);
}

/** The fingerprint of an answer 5xx for which no stack was seen. `route` is a pattern (`/orders/:id`). */
export function serverErrorFingerprint(method: string, route: string, status: number): string {
  return hash(['http', method.toUpperCase(), route, status]);
}

function framesOf(frames: readonly Frame[]): string[] {
  const own = frames.filter((frame) => frame.inApp);
  const kept =
    own.length > 0 ? own : frames.filter((frame) => frame.file.includes('node_modules/')).slice(0, 5);
  const names: string[] = [];
  for (const frame of kept) {
    const name = `${frame.file.replace(/^.*node_modules\//, '')}#${functionName(frame.function)}`;
    // Recursion to any depth is the same fault.
    if (names.at(-1) !== name) names.push(name);
    if (names.length >= MAX_FRAMES) break;
  }
  return names;
}

/** V8 prints how a function was called (`async f`, `Object.f`, `f [as g]`); only which one it is counts. */
function functionName(name: string | null): string {
  if (name === null) return '<anonymous>';
  return name
    .replace(/^async /, '')
    .replace(/ \[as [^\]]*\]$/, '')
    .replace(/^(?:Object|Module|Function|global|exports|module\.exports)\.(?=.)/, '');
}

function hash(parts: unknown[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([FINGERPRINT_VERSION, ...parts]))
    .digest('hex');
  return `${FINGERPRINT_VERSION}.${digest.slice(0, 24)}`;
}
