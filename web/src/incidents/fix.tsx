import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { IncidentDetail } from '../../../src/server/views.ts';
import { call } from '../api/client.ts';
import { useProgressOf } from '../api/live.ts';
import { queryClient } from '../api/queries.ts';
import type { Input, Output } from '../api/routes.ts';
import { useRefusal } from '../lib/role.ts';
import { VerdictBadge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icons.tsx';
import { Section } from '../ui/page.tsx';
import { Progress, WorkReport, useWork } from '../ui/work.tsx';

type Engine = NonNullable<Input<'fix'>['body']['engines']>[number];
const ENGINES: readonly (readonly [Engine, string])[] = [
  ['template', 'template: transforms the code, needs no model'],
  ['llm', 'llm: asks the model that is configured'],
  ['agent', 'agent: runs the command that is configured'],
];

/** Asks for a fix and shows how it goes on; the work goes on when this page is left. */
export function Fix({ incident }: { incident: IncidentDetail }): ReactNode {
  const work = useWork<Output<'fix'>>();
  const elsewhere = useProgressOf(incident.id);
  const refusal = useRefusal();
  const [engines, setEngines] = useState<ReadonlySet<Engine>>(new Set(['template']));
  const [pullRequest, setPullRequest] = useState(true);
  const running = work.state === 'running' || incident.status === 'fixing';
  const start = async (): Promise<void> => {
    const body = {
      engines: ENGINES.map(([name]) => name).filter((name) => engines.has(name)),
      pullRequest,
      detached: true,
    };
    await work.run((watch) => call('fix', { params: { incident: incident.id }, body }, watch));
    await queryClient.invalidateQueries();
  };
  const why =
    refusal ??
    (running ? 'It is being worked on' : undefined) ??
    (incident.recording === null ? 'Nothing was recorded with it, so nothing could be proved' : undefined) ??
    (engines.size === 0 ? 'Choose an engine' : undefined);
  return (
    <Section title="Fix it">
      <div className="flex flex-wrap items-center gap-x-5 gap-y-3">
        <Button kind="primary" refused={why} onClick={() => void start()}>
          <Icon name="wrench" /> Propose a fix
        </Button>
        <fieldset className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          <legend className="sr-only">Who proposes</legend>
          {ENGINES.map(([name, title]) => (
            <Choice
              key={name}
              label={name}
              title={title}
              checked={engines.has(name)}
              onChange={(on) => {
                const next = new Set(engines);
                if (on) next.add(name);
                else next.delete(name);
                setEngines(next);
              }}
            />
          ))}
          <Choice
            label="open a pull request"
            title="For the candidate that passes every gate"
            checked={pullRequest}
            onChange={setPullRequest}
          />
        </fieldset>
      </div>
      {why !== undefined && !running && <p className="mt-2 text-sm text-soft">{why}.</p>}
      {work.state === 'idle' ? <Progress lines={elsewhere} running={running} /> : <WorkReport work={work} />}
      {work.result && <Came result={work.result} />}
    </Section>
  );
}

function Choice({
  label,
  title,
  checked,
  onChange,
}: {
  label: string;
  title: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}): ReactNode {
  return (
    <label title={title} className="flex items-center gap-1.5">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent"
      />
      {label}
    </label>
  );
}

function Came({ result }: { result: Output<'fix'> }): ReactNode {
  const best = result.candidates.find(({ verdict }) => verdict === result.verdict);
  return (
    <div role="status" className="mt-3 flex flex-wrap items-center gap-3">
      <VerdictBadge verdict={result.verdict} />
      {best && (
        <Link
          to="/proposals/$proposal"
          params={{ proposal: best.proposal }}
          className="wrap-any font-semibold text-accent underline"
        >
          {best.title}
        </Link>
      )}
      {result.reason !== null && <span className="wrap-any">{result.reason}</span>}
      <span className="text-sm text-soft">
        {result.candidates.length} candidates, {result.seconds.toFixed(1)} s, ${result.costUsd.toFixed(4)}
      </span>
      {result.unavailable.map((line) => (
        <p key={line} className="wrap-any w-full text-sm text-soft">
          Not asked: {line}
        </p>
      ))}
    </div>
  );
}
