import type { ReactNode } from 'react';
import type { Incident } from '../../../src/incident/model.ts';
import type { Verdict } from '../../../src/verify/evidence.ts';
import { Icon, type IconName } from './icons.tsx';

export type Tone = 'good' | 'bad' | 'unsure' | 'info' | 'plain';

export const TONES: Record<Tone, string> = {
  good: 'bg-good-wash text-good',
  bad: 'bg-bad-wash text-bad',
  unsure: 'bg-unsure-wash text-unsure',
  info: 'bg-info-wash text-info',
  plain: 'bg-sunken text-soft',
};

export function Badge({
  tone = 'plain',
  icon,
  children,
}: {
  tone?: Tone;
  icon?: IconName | undefined;
  children: ReactNode;
}): ReactNode {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-semibold whitespace-nowrap ${TONES[tone]}`}
    >
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

export const VERDICTS: Record<Verdict | 'unjudged', { tone: Tone; icon: IconName; word: string }> = {
  verified: { tone: 'good', icon: 'check', word: 'Verified' },
  rejected: { tone: 'bad', icon: 'cross', word: 'Rejected' },
  inconclusive: { tone: 'unsure', icon: 'question', word: 'Inconclusive' },
  unjudged: { tone: 'plain', icon: 'dash', word: 'Not judged' },
};

export function VerdictBadge({ verdict }: { verdict: Verdict | null }): ReactNode {
  const { tone, icon, word } = VERDICTS[verdict ?? 'unjudged'];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

const STATUSES: Record<Incident['status'], { tone: Tone; icon: IconName; word: string }> = {
  open: { tone: 'bad', icon: 'alert', word: 'Open' },
  fixing: { tone: 'info', icon: 'wrench', word: 'Being fixed' },
  proposed: { tone: 'info', icon: 'wrench', word: 'Fix proposed' },
  resolved: { tone: 'good', icon: 'check', word: 'Resolved' },
  ignored: { tone: 'plain', icon: 'dash', word: 'Ignored' },
};

export function StatusBadge({ status }: { status: Incident['status'] }): ReactNode {
  const { tone, icon, word } = STATUSES[status];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

/** An HTTP status with its class as a colour. */
export function HttpStatus({ status }: { status: number | null }): ReactNode {
  if (status === null) return <Badge tone="bad">no answer</Badge>;
  const tone: Tone = status >= 500 ? 'bad' : status >= 400 ? 'unsure' : status >= 200 ? 'good' : 'plain';
  return (
    <Badge tone={tone}>
      <span className="font-mono">{status}</span>
    </Badge>
  );
}
