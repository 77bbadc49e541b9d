import type { ErrorEvent, Incident } from '../../incident/model.ts';
import type { Proposal } from '../../proposal/model.ts';
import { redactText } from '../../record/redact.ts';
import { assumptionLines, type Evidence } from '../../verify/evidence.ts';
import { code, codeBlock, tableCell, text } from '../../lib/markdown.ts';

export interface PullRequestParts {
  proposal: Proposal;
  evidence: Evidence;
  incident: Incident;
  error: ErrorEvent;
}

/** Rows of a table and characters of a body that are shown; forges cut or refuse longer texts (GitHub: 65,536). */
const MAX_ROWS = 30;
const MAX_ANSWER = 2000;
const MAX_BODY = 60_000;

/**
 * Title and Markdown body for the people who review a fix. What comes from outside (messages, answers, a model's words)
 * is shown as text: it makes no link, mention, image or HTML. Secrets and personal data in answers are left out.
 */
export function pullRequestText(parts: PullRequestParts): { title: string; body: string } {
  const { proposal, evidence } = parts;
  const sections = [
    intro(parts),
    cause(parts),
    proved(evidence),
    notProved(evidence),
    answers(evidence),
    calls(evidence),
    list(
      'Assumptions',
      assumptionLines(evidence.assumptions),
      'Calls answered from rebuilt state, on what the recording proves:',
    ),
    alternatives(evidence),
    undo(proposal),
    `<sub>Incident ${code(parts.incident.id)} · proposal ${code(proposal.id)} · isolation ${evidence.isolation} · clock ${evidence.clock} · ${evidence.seconds.toFixed(1)} s</sub>`,
  ];
  const body = sections.filter((section) => section !== '').join('\n\n');
  return {
    title: redactText(proposal.title).replace(/\s+/g, ' ').trim().slice(0, 120),
    body:
      body.length > MAX_BODY
        ? `${body.slice(0, MAX_BODY)}\n\n… (cut; the evidence is kept whole)\n`
        : `${body}\n`,
  };
}

function intro({ proposal, evidence }: PullRequestParts): string {
  const verdict = {
    verified: '**Verified**: every gate holds.',
    inconclusive:
      '**Not verified**: what could not be shown is listed below. Judge it yourself before you merge.',
    rejected: '**Rejected**: do not merge. The reasons are below.',
  }[evidence.verdict];
  const kind =
    proposal.kind === 'root-cause'
      ? 'It mends the cause.'
      : 'It mitigates the effect; the cause may lie elsewhere.';
  const by = {
    template: 'a code transformation',
    llm: 'a language model',
    agent: 'a coding agent',
    manual: 'a person',
    rules: 'a rule',
  };
  return `${verdict} ${kind} Proposed by ${by[proposal.engine]}.\n\n${text(proposal.why)}`;
}

function cause({ incident, error }: PullRequestParts): string {
  const frames = error.frames.filter((frame) => frame.inApp).slice(0, 6);
  const stack = frames.map(
    (frame) =>
      `    at ${frame.function ?? '<anonymous>'} (${frame.file}:${frame.line ?? '?'}:${frame.column ?? '?'})`,
  );
  const causes = error.causes.slice(0, 3).map((one) => `  cause: ${one.type}: ${firstLine(one.message)}`);
  const head = `${error.type}: ${firstLine(error.message)}`;
  const times = incident.occurrences === 1 ? 'once' : `${incident.occurrences} times`;
  return `## Cause\n\nSeen ${times} in release ${code(incident.release)}.\n\n${codeBlock(redactText([head, ...stack, ...causes].join('\n')))}`;
}

function proved(evidence: Evidence): string {
  const rows = evidence.gates.map(
    (gate) =>
      `| ${gate.holds ? '✅' : gate.otherwise === 'rejected' ? '❌' : '❔'} | ${tableCell(gate.gate)} | ${tableCell(redactText(gate.detail))} |`,
  );
  const runs = evidence.runs.reduce((sum, run) => sum + run.requests, 0);
  const how = `By replaying ${runs} recorded requests in ${evidence.runs.length} isolated runs.`;
  return `## What was proved\n\n${how}\n\n| | gate | |\n|---|---|---|\n${rows.join('\n')}`;
}

function notProved(evidence: Evidence): string {
  const items = [...evidence.reasons, ...evidence.notChecked.map((what) => `not checked: ${what}`)];
  if (evidence.clock === 'real') items.push('the clock was the real one, not that of the recording');
  return list('What was not proved', items, '');
}

function answers({ before, after }: Evidence): string {
  if (before === null && after === null) return '';
  const show = (name: string, answer: Evidence['before']): string => {
    if (answer === null) return `**${name}**: no answer`;
    const body = redactText(answer.body);
    const shown =
      body.length > MAX_ANSWER ? `${body.slice(0, MAX_ANSWER)}\n… (${body.length} characters)` : body;
    return `**${name}**: ${answer.status === null ? 'no status' : `status ${answer.status}`}${shown === '' ? ', no body' : `\n\n${codeBlock(shown)}`}`;
  };
  return `## The failing request's answer\n\n${show('Before', before)}\n\n${show('After', after)}`;
}

function calls(evidence: Evidence): string {
  const seen = evidence.calls.filter((call) => call.protocol !== 'dns');
  if (seen.length === 0) return '';
  const counts = new Map<string, number>();
  for (const call of seen) {
    const row = `| ${call.match} | ${tableCell(call.protocol)} | ${tableCell(redactText(call.summary))} |`;
    counts.set(row, (counts.get(row) ?? 0) + 1);
  }
  const rows = [...counts]
    .slice(0, MAX_ROWS)
    .map(([row, count]) => `${row} ${count === 1 ? '' : `×${count}`} |`);
  const more = counts.size > MAX_ROWS ? `\n\n… and ${counts.size - MAX_ROWS} more` : '';
  return `## Outgoing calls, and what answered them\n\n| match | protocol | call | |\n|---|---|---|---|\n${rows.join('\n')}${more}`;
}

function alternatives(evidence: Evidence): string {
  if (evidence.alternatives.length === 0) return '';
  const rows = evidence.alternatives.slice(0, 3).map((one) => {
    const body = JSON.stringify(one.answer.body).slice(0, 300);
    return `| ${tableCell(one.proposal)} | ${one.answer.status ?? 'none'} | ${tableCell(redactText(body))} | ${one.writes.length} | ${tableCell(redactText(one.why))} |`;
  });
  return `## A choice for you\n\nThese pass too, and answer differently; nothing recorded says which is meant.\n\n| proposal | status | body | writes | why |\n|---|---|---|---|---|\n${rows.join('\n')}`;
}

function undo(proposal: Proposal): string {
  const app = /^[a-z0-9][a-z0-9-]{0,62}$/.test(proposal.app ?? '') ? proposal.app! : 'APP';
  return `## How to undo\n\n\`vouch rollback ${app}\` puts the release before this one back at once; then revert the merge commit (\`git revert -m 1 COMMIT\`) so that the next deploy keeps it out. The change touches code only.`;
}

function list(title: string, items: readonly string[], lead: string): string {
  if (items.length === 0) return '';
  const shown = [...new Set(items)].slice(0, MAX_ROWS).map((item) => `- ${text(redactText(item))}`);
  return `## ${title}\n\n${lead === '' ? '' : `${lead}\n\n`}${shown.join('\n')}`;
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.slice(0, 500);
}
