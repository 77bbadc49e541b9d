import { holds, rejects, type Gate } from '../facts.ts';
import { raised, statusOf } from '../observe.ts';

export const errorGone: Gate = ({ at, failing }) => {
  if (!failing) return null;
  const { run } = failing;
  const said = (): string => {
    const line = run.output.findLast(({ text }) => text.trim() !== '');
    return line ? `; it said: ${line.text.trim().slice(0, 200)}` : '';
  };
  if (!run.result.ready) return rejects('error gone', `the patched app did not start${said()}`);
  if (raised(failing, at.error.fingerprint))
    return rejects('error gone', `${at.error.type} was raised again`);
  if (run.exit)
    return rejects(
      'error gone',
      `the patched app ended with ${run.exit.signal ?? `status ${run.exit.code}`}${said()}`,
    );
  const answer = failing.responses.get(at.failing.id);
  if (!answer || answer.failure === 'timeout') {
    return rejects('error gone', 'the request was not answered in time: it hangs');
  }
  if (answer.failure !== null || answer.response === null)
    return rejects('error gone', 'the connection ended without an answer');
  return holds(
    'error gone',
    `the request is answered ${statusOf(answer.response)}, and ${at.error.type} was not raised`,
  );
};
