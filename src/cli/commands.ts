import { agent } from './commands/agent.ts';
import { apps } from './commands/apps.ts';
import { audit } from './commands/audit.ts';
import { backport } from './commands/backport.ts';
import { config } from './commands/config.ts';
import { decide } from './commands/decide.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { env } from './commands/env.ts';
import { evalFix } from './commands/eval.ts';
import { fix } from './commands/fix.ts';
import { incident } from './commands/incident.ts';
import { incidents } from './commands/incidents.ts';
import { logs } from './commands/logs.ts';
import { patch } from './commands/patch.ts';
import { proposal } from './commands/proposal.ts';
import { proposals } from './commands/proposals.ts';
import { recordings } from './commands/recordings.ts';
import { releases } from './commands/releases.ts';
import { replay } from './commands/replay.ts';
import { rollback } from './commands/rollback.ts';
import { serve } from './commands/serve.ts';
import { tokens } from './commands/tokens.ts';
import { traces } from './commands/traces.ts';
import { verify } from './commands/verify.ts';
import type { Define } from './program.ts';

/** In the order of `vouch --help`. */
export const COMMANDS: readonly Define[] = [
  demo,
  serve,
  doctor,
  apps,
  releases,
  rollback,
  logs,
  env,
  recordings,
  replay,
  incidents,
  incident,
  fix,
  verify,
  patch,
  proposals,
  proposal,
  decide,
  backport,
  evalFix,
  traces,
  tokens,
  audit,
  config,
  agent,
];
