import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured logs, to standard error only: standard output belongs to a command's answer. */
export function createLogger(level: string = 'info', name = 'vouch'): Logger {
  return pino(
    { name, level, redact: ['*.token', '*.authorization', '*.password'] },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** For code that is run without a log. */
export const silentLogger: Logger = pino({ level: 'silent' });
