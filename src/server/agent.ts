import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError, messageOf } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { scratchDir } from '../lib/scratch.ts';
import { connectAgent, startAgent } from '../record/agent/client.ts';
import type { Agent, TapRequest } from '../record/agent/port.ts';

/** The privileged process, or why there is none and the command that mends it. */
export interface Recorder {
  agent: Agent | { missing: string; mend: string };
  close: () => Promise<void>;
}

export interface RecorderSettings {
  /** Of an agent that has to be there. */
  socket?: string | undefined;
  /** Kept of one deployment's recording; the oldest goes first. */
  maxBytes?: number;
}

interface Opened {
  agent: Agent;
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
  settings: RecorderSettings,
  log: Logger,
): Promise<Recorder> {
  const open = (): Promise<Opened> => openAgent(folder, settings.socket, log);
  try {
    return keepAlive(await open(), open, settings, log);
  } catch (error) {
    if (!(error instanceof VouchError)) throw error;
    return { agent: { missing: error.message, mend: error.hint ?? 'vouch doctor' }, close: async () => {} };
  }
}

async function openAgent(
  folder: string | undefined,
  configured: string | undefined,
  log: Logger,
): Promise<Opened> {
  const socket = configured ?? (folder === undefined ? undefined : agentSocket(folder));
  if (socket !== undefined && (configured !== undefined || existsSync(socket))) {
    try {
      const agent = await connectAgent(socket);
      return { agent, close: () => agent.close() };
    } catch (error) {
      // A socket in the data folder may be of an agent that was killed; one that was named has to be there.
      if (!(error instanceof VouchError) || configured !== undefined) throw error;
      log.warn(error.message);
    }
  }
  const dir = await scratchDir('agent');
  const drop = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const started = await startAgent({ dir, logger: log });
    const close = async (): Promise<void> => {
      await started.stop();
      await drop();
    };
    return { agent: started.agent, close };
  } catch (error) {
    await drop();
    throw error;
  }
}

/**
 * An agent that was killed is opened again when it is next needed, and taps what was tapped; what it would have recorded
 * in between is missing. A redirection ends with the agent that made it: its replay fails, the next one works.
 */
function keepAlive(
  first: Opened,
  open: () => Promise<Opened>,
  { maxBytes }: RecorderSettings,
  log: Logger,
): Recorder {
  const taps = new Map<bigint, TapRequest>();
  let current = first;
  let opening: Promise<void> | undefined;

  async function reopen(): Promise<void> {
    log.warn('the agent has ended: starting it again');
    await current.close().catch((error: unknown) => log.warn(messageOf(error)));
    current = await open();
    for (const [id, tap] of taps) {
      // Its program may have ended meanwhile.
      await current.agent.tap(tap).catch((error: unknown) => {
        taps.delete(id);
        log.warn(`not recorded any more: ${messageOf(error)}`);
      });
    }
  }

  async function ask<T>(work: (agent: Agent) => Promise<T>): Promise<T> {
    const { agent } = current;
    try {
      return await work(agent);
    } catch (error) {
      if (!isGone(error)) throw error;
      if (agent === current.agent) await (opening ??= reopen().finally(() => (opening = undefined)));
      return work(current.agent);
    }
  }

  const agent: Agent = {
    async tap(asked) {
      const request = { maxBytes, ...asked };
      await ask((at) => at.tap(request));
      taps.set(request.cgroupId, request);
    },
    async untap(cgroupId) {
      taps.delete(cgroupId);
      await ask((at) => at.untap(cgroupId));
    },
    flush: (cgroupId) => ask((at) => at.flush(cgroupId)),
    redirect: (request) => ask((at) => at.redirect(request)),
    close: () => current.close(),
  };
  return { agent, close: () => agent.close() };
}

/** What the client says of every call after the agent's end. */
function isGone(error: unknown): boolean {
  return (
    error instanceof VouchError &&
    error.code === 'unavailable' &&
    error.message.startsWith('the agent has ended')
  );
}
