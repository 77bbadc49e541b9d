import { connect } from 'node:net';

const PROBE_MS = 1_000;

/** Whether something accepts connections there right now. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    // One that is stuck with a full queue neither accepts nor refuses.
    const timer = setTimeout(() => done(false), PROBE_MS);
    const done = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true));
    socket.on('error', () => done(false));
  });
}
