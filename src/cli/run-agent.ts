import { loadConfig } from '../config/config.ts';
import { createLogger } from '../lib/log.ts';
import { runAgent as run } from '../record/agent/main.ts';
import { agentSocket } from '../server/agent.ts';
import type { Session } from './session.ts';

/** Runs the privileged process until Ctrl-C or SIGTERM. */
export async function runAgent(
  session: Session,
  { socket, group }: { socket?: string; group?: string },
): Promise<void> {
  const { config } = await loadConfig(session.folder, session.io.env);
  const socketPath = socket ?? config['recorder.socket'] ?? agentSocket(session.folder);
  await run({
    socketPath,
    group,
    logger: createLogger(config['log.level'], 'vouch-agent'),
    signal: session.signal,
    onReady: () =>
      session.answer({ socket: socketPath, pid: process.pid }, () => `The agent answers at ${socketPath}`),
  });
}
