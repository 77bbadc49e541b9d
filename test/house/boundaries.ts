/**
 * Who may import whom, by folder below `src/`. The test fails for an import that is not listed and for a row that
 * nothing uses any more. `why` is needed where a row crosses between rooms of the same floor.
 */
export interface Row {
  may: string[];
  why?: Record<string, string>;
}

const PORTS = ['protocol', 'sandbox', 'llm', 'forge', 'store'];

export const ROOMS: Record<string, Row> = {
  lib: { may: [] },
  config: { may: ['lib'] },
  protocol: { may: ['lib'] },
  sandbox: { may: ['lib'] },
  llm: { may: ['lib'] },
  forge: { may: ['lib'] },
  store: { may: ['lib'] },
  trace: { may: ['lib', 'store'] },
  patch: { may: ['lib'] },
  proposal: { may: ['lib', 'store', 'verify'], why: { verify: 'evidence is stored with its proposal' } },
  record: { may: ['lib', 'protocol'] },
  incident: { may: ['lib', 'store'] },
  deploy: { may: ['lib', 'sandbox', 'store'] },
  replay: { may: ['lib', 'protocol', 'sandbox', 'record'], why: { record: 'the slice is what is replayed' } },
  verify: {
    may: ['lib', 'replay', 'protocol', 'sandbox', 'record', 'incident', 'patch'],
    why: { incident: 'the fingerprint is the oracle', patch: 'the patch policy is a gate' },
  },
  'desks/fix': {
    may: ['lib', ...PORTS, 'trace', 'patch', 'proposal', 'record', 'incident', 'deploy', 'replay', 'verify'],
  },
  'desks/backport': { may: ['lib', 'store', 'llm', 'trace'] },
  eval: { may: ['lib', 'store', 'patch', 'proposal', 'incident', 'deploy', 'desks/fix', 'desks/backport'] },
  server: { may: ['*'] },
  cli: { may: ['*'] },
};
