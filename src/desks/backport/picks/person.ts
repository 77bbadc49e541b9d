import { VouchError } from '../../../lib/errors.ts';
import { baseEnvironment, run } from '../../../lib/process.ts';

export interface Person {
  name: string;
  email: string;
}

/**
 * Who signs off: `NAME <EMAIL>` as given, else who git says the user is. Throws `usage` when that is nobody: nothing is applied
 * without a named person.
 */
export async function personOf(repository: string, given: string | undefined): Promise<Person> {
  const setting = async (key: string): Promise<string> => {
    // Their own settings are asked here, and for nothing else.
    const done = await run(['git', '-C', repository, 'config', '--get', key], { env: baseEnvironment() });
    return done.code === 0 ? done.stdout.toString('utf8').trim() : '';
  };
  const [, name, email] = /^\s*([^<>]*?)\s*(?:<([^<>\s]+)>)?\s*$/.exec(given ?? '') ?? [];
  const person = {
    name: name !== undefined && name !== '' ? name : given === undefined ? await setting('user.name') : '',
    email: email ?? (await setting('user.email')),
  };
  // oxlint-disable-next-line no-control-regex
  const bad = [person.name, person.email].some(
    (text) => text === '' || /[\u0000-\u001f\u007f-\u009f<>]/.test(text),
  );
  if (!bad) return person;
  throw new VouchError('usage', 'picks are signed off by a person, and nobody is named', {
    hint: "give --as 'NAME <EMAIL>', or set git's user.name and user.email",
  });
}
