import { GATES, type GateResult, type Verdict } from './evidence.ts';

/** `verified` only if every gate that was looked at holds; any rejection wins over what is inconclusive. */
export function sumUp(results: readonly GateResult[]): {
  verdict: Verdict;
  reasons: string[];
  gates: GateResult[];
} {
  const gates = results.toSorted((a, b) => GATES.indexOf(a.gate) - GATES.indexOf(b.gate));
  const failed = gates.filter((gate) => !gate.holds);
  const rejected = failed.filter((gate) => gate.otherwise === 'rejected');
  const decisive = rejected.length > 0 ? rejected : failed;
  return {
    verdict:
      rejected.length > 0 ? 'rejected' : failed.length > 0 || !isWhole(gates) ? 'inconclusive' : 'verified',
    reasons: decisive.map((gate) => `${gate.gate}: ${gate.detail}`),
    gates,
  };
}

/** A verdict that was not stopped early has an answer from each of these; one that is missing proves nothing. */
function isWhole(gates: readonly GateResult[]): boolean {
  const needed = GATES.filter((gate) => gate !== 'own tests');
  return needed.every((gate) => gates.some((result) => result.gate === gate));
}
