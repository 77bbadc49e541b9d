import type { ReactNode } from 'react';
import type { GateResult } from '../../../src/verify/evidence.ts';
import { TONES, type Tone } from '../ui/badge.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';

type Gate = GateResult['gate'];

/** All gates in the order of the verdict, each with the question that it answers; the compiler keeps it complete. */
const QUESTIONS: Record<Gate, string> = {
  reproduced: 'Does the unpatched code fail in the sandbox as it did in production?',
  'error gone': 'Is the failing request answered, without that error, crash or hang?',
  'nothing new': 'Is there no error that was not there before?',
  neighbours: 'Do the requests that worked still get the same answers?',
  effects: 'Does it write what it wrote before, and nothing else?',
  answered: 'Did the recording answer every call that it made?',
  complete: 'Was everything recorded whole?',
  'own tests': 'Do the tests of the app that passed still pass?',
  sound: 'Does it parse, type-check and stay inside the patch policy?',
  meaning: 'Is the new answer no false success, also for variants of the request?',
  determined: 'Is this the one answer, or would another repair answer otherwise?',
};
export const GATE_NAMES = Object.keys(QUESTIONS) as Gate[];

type Look = 'holds' | 'rejected' | 'inconclusive' | 'unseen';

export const LOOKS: Record<Look, { tone: Tone; icon: IconName; word: string }> = {
  holds: { tone: 'good', icon: 'check', word: 'holds' },
  rejected: { tone: 'bad', icon: 'cross', word: 'rejected' },
  inconclusive: { tone: 'unsure', icon: 'question', word: 'inconclusive' },
  unseen: { tone: 'plain', icon: 'dash', word: 'not looked at' },
};

export function lookOf(result: GateResult | undefined): Look {
  if (!result) return 'unseen';
  return result.holds ? 'holds' : (result.otherwise ?? 'inconclusive');
}

/** All gates at a glance; each leads to what was found. */
export function GateStrip({ gates }: { gates: readonly GateResult[] }): ReactNode {
  const byName = byGate(gates);
  return (
    <ul
      aria-label="Gates at a glance"
      className="grid grid-cols-3 gap-px overflow-hidden bg-line sm:grid-cols-4 lg:grid-cols-11"
    >
      {GATE_NAMES.map((name) => {
        const { tone, icon, word } = LOOKS[lookOf(byName.get(name))];
        return (
          <li key={name} className="flex grow bg-panel last:col-span-2 lg:last:col-span-1">
            <a
              href={`#${anchorOf(name)}`}
              title={byName.get(name)?.detail}
              className={`flex grow flex-col items-center justify-center gap-1 px-1 py-2.5 text-center text-xs font-semibold hover:underline ${TONES[tone]}`}
            >
              <Icon name={icon} className="size-5" />
              <span>
                {name}
                <span className="sr-only"> {word}</span>
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** Every gate, what it asks, and what was found. */
export function Gates({ gates }: { gates: readonly GateResult[] }): ReactNode {
  const byName = byGate(gates);
  return (
    <table className="block w-full text-left text-sm">
      <caption className="sr-only">Gates</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Gate</th>
          <th scope="col">Result</th>
          <th scope="col">Detail</th>
        </tr>
      </thead>
      <tbody className="block divide-y divide-line">
        {GATE_NAMES.map((name) => (
          <GateRow key={name} name={name} result={byName.get(name)} />
        ))}
      </tbody>
    </table>
  );
}

function byGate(gates: readonly GateResult[]): Map<Gate, GateResult> {
  return new Map(gates.map((gate) => [gate.gate, gate]));
}

function anchorOf(name: Gate): string {
  return `gate-${name.replace(' ', '-')}`;
}

function GateRow({ name, result }: { name: Gate; result: GateResult | undefined }): ReactNode {
  const { tone, icon, word } = LOOKS[lookOf(result)];
  return (
    <tr
      id={anchorOf(name)}
      className="grid grid-cols-[1fr_auto] items-start gap-x-4 px-4 py-2 target:bg-info-wash sm:grid-cols-[15rem_8rem_1fr] lg:grid-cols-[26rem_8rem_1fr]"
    >
      <th scope="row" className="font-normal">
        <span className="font-semibold">{name}</span>
        <span className="block text-xs text-faint">{QUESTIONS[name]}</span>
      </th>
      <td>
        <span
          className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-semibold ${TONES[tone]}`}
        >
          <Icon name={icon} />
          {word}
        </span>
      </td>
      <td className="wrap-any col-span-2 pt-0.5 whitespace-pre-wrap sm:col-span-1">
        {result?.detail ?? 'A gate before it had already decided.'}
      </td>
    </tr>
  );
}
