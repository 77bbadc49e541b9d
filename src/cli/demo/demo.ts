import { rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config/config.ts';
import { VouchError, messageOf } from '../../lib/errors.ts';
import { createLogger } from '../../lib/log.ts';
import { scratchDir } from '../../lib/scratch.ts';
import type { FixResult, Judgement } from '../../server/views.ts';
import type { Client } from '../client.ts';
import type { Session } from '../session.ts';
import { showJudgement } from '../show/judgement.ts';
import { paint, seconds, table } from '../style.ts';
import { openStage, type Stage } from './stage.ts';

export interface DemoOptions {
  merge?: true;
  as?: string;
  port?: number;
}

interface Step {
  step: string;
  ok: boolean;
  seconds: number;
  detail: string;
}

interface DemoResult {
  steps: Step[];
  verdict: Judgement | null;
  pullRequest: { branch: string; url: string } | null;
  merged: boolean;
  rolledBack: boolean;
  ok: boolean;
}

/**
 * The whole loop on the bundled shop, on real parts: what it prints happened. Everything lives in a scratch folder and ends with it. On a
 * terminal the pages stay up until Ctrl-C; with `--json` or without a terminal it ends.
 */
export async function runDemo(session: Session, options: DemoOptions): Promise<void> {
  const folder = await scratchDir('demo');
  const { config } = await loadConfig(join(folder, 'data'), session.io.env);
  const log = createLogger(config['log.level'] === 'info' ? 'error' : config['log.level']);
  const result: DemoResult = {
    steps: [],
    verdict: null,
    pullRequest: null,
    merged: false,
    rolledBack: false,
    ok: false,
  };
  let stage: Stage | undefined;
  const step = stepper(session, result);
  try {
    stage = await openStage({ folder, config, log, port: options.port ?? 0, signal: session.signal });
    const failed = await play(stage, step, options, result, session).then(
      () => null,
      (error: unknown) => error,
    );
    result.ok = failed === null;
    report(session, result, failed, stage);
    if (failed !== null && !(failed instanceof VouchError)) throw failed;
    session.exit(
      result.ok
        ? 0
        : failed instanceof VouchError && failed.code === 'missing-part'
          ? 4
          : result.verdict?.verdict === 'inconclusive'
            ? 3
            : 1,
    );
    if (!session.json && process.stdout.isTTY && result.ok) await untilInterrupted(session, stage);
  } finally {
    await stage?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type RunStep = <T>(name: string, work: () => Promise<{ value: T; detail: string }>) => Promise<T>;

/** Runs a step, prints it with its seconds as soon as it is over, and keeps it. */
function stepper(session: Session, result: DemoResult): RunStep {
  return async (name, work) => {
    session.signal.throwIfAborted();
    const began = performance.now();
    const done = (ok: boolean, detail: string): void => {
      const took = (performance.now() - began) / 1000;
      result.steps.push({ step: name, ok, seconds: Math.round(took * 100) / 100, detail });
      session.progress(
        `${ok ? paint('green', '✔') : paint('red', '✘')} ${name.padEnd(10)} ${seconds(took).padStart(7)}  ${detail}`,
      );
    };
    try {
      const { value, detail } = await work();
      done(true, detail);
      return value;
    } catch (error) {
      done(false, messageOf(error));
      throw error;
    }
  };
}

async function play(
  stage: Stage,
  step: RunStep,
  options: DemoOptions,
  result: DemoResult,
  session: Session,
): Promise<void> {
  const client = (): Client => stage.client();
  await step('server', () => stage.startServer());
  await step('neighbours', () => stage.startNeighbours());
  const push = await step('push', () => stage.push((line) => session.progress(paint('dim', `    ${line}`))));
  await step('record', () => stage.sendTraffic());
  const incident = await step('incident', () => stage.awaitIncident());
  const fixed = await step('prove', async () => {
    const value: FixResult = await client().call(
      'fix',
      { params: { incident }, body: { engines: ['template'] } },
      { onProgress: (line) => session.progress(paint('dim', `    ${line}`)), signal: session.signal },
    );
    const best = value.candidates.find(({ verdict }) => verdict === 'verified');
    if (!best) throw new VouchError('no', value.reason ?? 'no candidate holds');
    return {
      value: best,
      detail: `${value.candidates.length} candidates judged; ${best.title}: ${best.gates.filter(({ holds }) => holds).length} of ${best.gates.length} gates hold`,
    };
  });
  result.verdict = fixed;
  const pullRequest = await step('propose', async () => {
    const opened = await client().call('openPullRequest', { params: { proposal: fixed.proposal } });
    if (!opened.pullRequest) throw new Error('a pull request without an address');
    return { value: opened.pullRequest, detail: `${opened.pullRequest.branch} at ${opened.pullRequest.url}` };
  });
  result.pullRequest = { branch: pullRequest.branch, url: pullRequest.url };
  result.verdict = { ...fixed, pullRequest };
  if (!options.merge) return;
  const by = options.as ?? userInfo().username;
  await step('merge', async () => {
    const decided = await client().call(
      'decide',
      {
        params: { proposal: fixed.proposal },
        body: { decision: 'accept', by, why: 'the demo was asked to merge' },
      },
      { onProgress: (line) => session.progress(paint('dim', `    ${line}`)), signal: session.signal },
    );
    if (decided.followed.error !== null || !decided.followed.release)
      throw new VouchError('no', decided.followed.error ?? 'nothing was deployed');
    result.merged = true;
    return { value: null, detail: `accepted by ${by}; ${decided.followed.release.version} runs` };
  });
  await step('answered', () => stage.askAgain());
  await step('rollback', async () => {
    const back = await client().call(
      'rollback',
      { params: { app: 'shop' }, body: {} },
      { signal: session.signal },
    );
    const before = await stage.failsAgain();
    result.rolledBack = back.release.version === push.version && before;
    if (!result.rolledBack)
      throw new VouchError('no', `${back.release.version} runs, expected ${push.version}`);
    return { value: null, detail: `${back.release.version} runs again, in ${seconds(back.seconds)}` };
  });
}

function report(session: Session, result: DemoResult, failed: unknown, stage: Stage): void {
  session.answer(result, () =>
    [
      '',
      table(
        ['', 'step', 'seconds', 'what happened'],
        result.steps.map(({ step, ok, seconds: took, detail }) => [
          ok ? paint('green', '✔') : paint('red', '✘'),
          step,
          took.toFixed(2),
          detail,
        ]),
        'nothing happened',
      ),
      '',
      ...(result.verdict ? [showJudgement(result.verdict)] : []),
      ...(failed === null
        ? []
        : ['', `${paint('red', 'The demo stopped')}: ${messageOf(failed)}`, ...hintOf(failed)]),
      ...(result.pullRequest
        ? ['', `Pull request: ${paint('bold', stage.signedIn(result.pullRequest.url))}`]
        : []),
    ].join('\n'),
  );
}

function hintOf(error: unknown): string[] {
  return error instanceof VouchError && error.hint !== undefined ? [`do: ${error.hint}`] : [];
}

async function untilInterrupted(session: Session, stage: Stage): Promise<void> {
  session.io.out(`\nThe pages stay up at ${stage.signedIn(stage.url())} until Ctrl-C.\n`);
  await new Promise<void>((resolve) => {
    if (session.signal.aborted) resolve();
    else session.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
