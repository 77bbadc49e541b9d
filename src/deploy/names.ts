import { VouchError } from '../lib/errors.ts';

const APP = /^[a-z][a-z0-9-]{0,38}$/;

/** App names reach paths, host names, cgroups and refs, so they are few characters and nothing else. */
export function checkAppName(name: string): string {
  if (APP.test(name)) return name;
  throw new VouchError('usage', `${printable(name)}: not a name for an app`, {
    hint: 'use lower-case letters, digits and -, beginning with a letter, at most 39 characters',
  });
}

export function isAppName(name: string): boolean {
  return APP.test(name);
}

const BRANCH = /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,99}$/;

/** A stricter form of `git check-ref-format --branch`: what it allows and no person types is refused. */
export function checkBranch(name: string): string {
  if (BRANCH.test(name) && !/\.\.|\/\/|\/$|\.$|\.lock(?:\/|$)|\/\./.test(name)) return name;
  throw new VouchError('usage', `${printable(name)}: not a name for a branch`);
}

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export function isCommit(text: string): boolean {
  return COMMIT.test(text);
}

/** Hostile text for a message: control characters shown as escapes, cut at 120 characters. */
export function printable(text: string): string {
  const escaped = text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped.length > 120 ? `${escaped.slice(0, 120)}…` : escaped;
}

/** Output of builds and apps for somebody's terminal: without the characters that steer one (but tab). */
export function terminalSafe(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '');
}
