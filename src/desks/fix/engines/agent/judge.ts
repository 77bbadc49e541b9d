import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '../../../../lib/errors.ts';
import { changesOf } from '../../../../patch/changes.ts';
import { brokenBy } from '../../../../patch/check/parses.ts';
import { countFaults } from '../../../../patch/faults.ts';
import { patchFromAnswer } from '../../../../patch/from-answer.ts';
import { sameChanges } from '../../../../patch/normalise.ts';
import { readTreeFile, type Changes } from '../../../../patch/paths.ts';
import { checkPolicy } from '../../../../patch/policy.ts';
import { folderTree } from '../../../../patch/tree.ts';
import type { Trace } from '../../../../trace/model.ts';
import { readSaid } from '../llm/answer.ts';
import type { Candidate, FixContext } from '../port.ts';
import type { Ended } from './command.ts';
import type { Worktree } from './worktree.ts';

export interface AgentRun {
  context: FixContext;
  ended: Ended;
  worktree: Worktree;
  /** What it was given; an agent may print it again. */
  prompt: string;
  program: string;
  trace: string;
}

/** `repairs`: what was made good in a change that it printed. `how` says of such a change in which form it was. */
export type Made = { repairs: Trace['repairs'] } & (
  | { candidate: Candidate; how: string }
  | { refusal: string }
  | { failed: string }
);

/** What a run has come to, from the files or the output. */
interface Found {
  changes: Changes;
  said: { title: string | null; why: string | null; kind: Candidate['kind'] };
  how: string;
  repairs: Trace['repairs'];
}

type Refused = { refusal: string; repairs: Trace['repairs'] };

/** Makes a candidate of what an agent did: of the files that it changed, or else of the change that it printed. */
export async function judgeRun(run: AgentRun, given: readonly Candidate[]): Promise<Made> {
  const { context, ended, program, trace } = run;
  const fail = (failed: string): Made => ({ failed, repairs: null });
  if (context.signal.aborted) return fail('stopped');
  if (ended.timedOut) return fail('it ran out of time and was killed');
  if (ended.code !== 0)
    return fail(
      `it ended with ${ended.code === null ? 'a signal' : `status ${ended.code}`}: ${lastLine(ended.output)}`,
    );
  const found = await foundIn(run);
  if ('refusal' in found) return found;
  const { changes, said, how, repairs } = found;
  const against = await checkPolicy(context.tree, changes);
  if (against.length > 0)
    return {
      refusal: `the change is outside what a fix may do:\n${against.slice(0, 10).join('\n')}`,
      repairs,
    };
  if (given.some((one) => sameChanges(one.changes, changes)))
    return { refusal: 'the change is the same as before; find another', repairs };
  const paths = Object.keys(changes);
  const candidate: Candidate = {
    engine: 'agent',
    changes,
    by: program.split('/').at(-1)!,
    title:
      said.title ??
      `Change ${paths.slice(0, 2).join(' and ')}${paths.length > 2 ? ` and ${paths.length - 2} more` : ''}`,
    why: said.why ?? 'The agent gave no reason.',
    kind: said.kind,
    rank: 90 - given.length,
    trace,
  };
  return { candidate, how, repairs };
}

async function foundIn(run: AgentRun): Promise<Found | Refused> {
  const { context, ended, worktree } = run;
  let changes: Changes;
  try {
    changes = await worktree.changes();
    if (Object.keys(changes).length === 0) return await printedIn(run);
    const broken = await brokenFiles(context.tree, changes);
    if (broken.length > 0) return { refusal: broken.join('\n'), repairs: null };
  } catch (error) {
    return { refusal: messageOf(error), repairs: null };
  }
  const why = lastLine(ended.output);
  const said = { title: null, why: why === '' ? null : why, kind: 'root-cause' } as const;
  return { changes, said, how: 'it changed the files', repairs: null };
}

/** The change that an agent printed instead of making it. */
async function printedIn({ context, ended, prompt }: AgentRun): Promise<Found | Refused> {
  // The code and the diffs that it was shown are no answer of its.
  const text = stripVTControlCharacters(ended.answer)
    .replaceAll('\r\n', '\n')
    .replaceAll(prompt.trim(), '\n');
  if (text.trim() === '') return { refusal: 'nothing was changed', repairs: null };
  const patched = await patchFromAnswer({ ...folderTree(context.tree), folder: ended.tree }, text);
  const repairs = countFaults(patched.repairs);
  const refuse = (why: string): Refused => ({ refusal: `nothing was changed${why}`, repairs });
  if (patched.outcome === 'noop') return refuse('; the change that was printed is in the code already');
  if (patched.outcome === 'reject')
    return refuse(
      patched.form === null
        ? ''
        : `, and the change that was printed cannot be used:\n${patched.refusals.join('\n')}`,
    );
  const whole = changesOf(patched.changes);
  if ('refusal' in whole)
    return refuse(`, and the change that was printed cannot be used:\n${whole.refusal}`);
  const { title, cause, kind } = readSaid(text);
  const how = ['it printed the change', patched.form, ...patched.repairs.slice(0, 20).map((one) => one.text)];
  return { changes: whole.changes, said: { title, why: cause, kind }, how: how.join('; '), repairs };
}

/** What is wrong with the form of the files now that was not before. */
async function brokenFiles(tree: string, changes: Changes): Promise<string[]> {
  const all: string[] = [];
  for (const [path, after] of Object.entries(changes)) {
    const read = await readTreeFile(tree, path);
    const broken = await brokenBy(path, 'file' in read ? (read.file?.text ?? null) : null, after);
    if (broken !== null) all.push(broken);
  }
  return all;
}

/** The last line that says something, without control characters: agents end with a summary. */
function lastLine(output: string): string {
  const lines = output
    .slice(-8000)
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ')
    .split('\n');
  return (lines.findLast((line) => /\w/.test(line)) ?? '').trim().slice(0, 400);
}
