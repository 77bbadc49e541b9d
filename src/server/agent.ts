import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { scratchDir } from '../lib/scratch.ts';
import { connectAgent, startAgent } from '../record/agent/client.ts';
import type { Agent } from '../record/agent/port.ts';

/** The privileged process, or why there is none and the command that mends it. */
export interface Recorder {
  agent: Agent | { missing: string; mend: string };
  close: () => Promise<void>;
}

/** Where `vouch agent` listens when nobody says otherwise. */
export function agentSocket(folder: string): string {
  return join(folder, 'agent.sock');
}

/**
 * Connects to the agent that runs beside us, or as root starts one of our own. Without it apps run and errors are
 * found, but nothing is recorded and nothing can be proved: that is said, and is no reason not to start.
 */
export async function openRecorder(
  folder: string | undefined,
  configured: string | undefined,
  log: Logger,
): Promise<Recorder> {
  const socket = configured ?? (folder === undefined ? undefined : agentSocket(folder));
  try {
    if (socket !== undefined && (configured !== undefined || existsSync(socket))) {
      const agent = await connectAgent(socket);
      return { agent, close: () => agent.close() };
    }
  } catch (error) {
    // A socket in the data folder may be of an agent that was killed; one that was named has to be there.
    if (!(error instanceof VouchError) || configured !== undefined) throw error;
    log.warn(error.message);
  }
  const dir = await scratchDir('agent');
  const drop = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const started = await startAgent({ dir, logger: log });
    return {
      agent: started.agent,
      async close() {
        await started.stop();
        await drop();
      },
    };
  } catch (error) {
    await drop();
    if (!(error instanceof VouchError)) throw error;
    return { agent: { missing: error.message, mend: error.hint ?? 'vouch doctor' }, close: async () => {} };
  }
}
