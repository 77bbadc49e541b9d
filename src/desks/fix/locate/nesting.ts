import { fileURLToPath } from 'node:url';
import { run } from '../../../lib/process.ts';

/** What can open one more level of the parser's recursion. Each level needs one, so their number bounds the depth. */
const OPENERS =
  /[([{<!~?:=&|+\-*]|\b(?:if|else|for|while|do|new|typeof|await|void|delete|keyof|yield|try|with)\b/g;

/** The parser was seen to overflow a stack of 8 MiB at 3,000 to 4,500 levels; threads have 4 MiB. */
const SAFE_LEVELS = 1200;
const MAX_CRASHES = 3;

/**
 * Which of these texts can be parsed without ending the process. Nearly all are known to be by counting; the others are parsed once in a
 * process of their own, whose end costs nothing.
 */
export async function unparsable(texts: ReadonlyMap<string, string>): Promise<Set<string>> {
  let doubtful = [...texts]
    .filter(([, text]) => deeperThan(text, SAFE_LEVELS))
    .map(([file, text]) => ({ file, text }));
  const refused = new Set<string>();
  for (let crashes = 0; doubtful.length > 0; crashes++) {
    if (crashes >= MAX_CRASHES) {
      for (const each of doubtful) refused.add(each.file);
      break;
    }
    const probe = fileURLToPath(new URL('parse-probe.ts', import.meta.url));
    const result = await run([process.execPath, '--no-warnings', probe], {
      input: JSON.stringify(doubtful),
      timeoutMs: 10_000,
    });
    const done = result.stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '').length;
    if (done < doubtful.length) refused.add(doubtful[done]!.file);
    doubtful = doubtful.slice(done + 1);
  }
  return refused;
}

function deeperThan(text: string, levels: number): boolean {
  let found = 0;
  for (const _ of text.matchAll(OPENERS)) if (++found > levels) return true;
  return false;
}
