import type { Random } from '../patch/random.ts';
import type { MadeColumn, Type } from './schemas.ts';

/** Few values of each type, so that rows meet and unique keys clash. */
export function makeValue(random: Random, type: Type, wide = 12): string {
  const number = random.below(wide);
  switch (type) {
    case 'int':
    case 'bigint':
      return String(number + 1);
    case 'text':
      return `${random.pick(['a', 'b', 'É', 'x y', "it's", 'Ab'])}${number}`;
    case 'numeric':
      return random.pick([`${number}.50`, `${number}`, `${number}.1`, `${number}.125`]);
    case 'bool':
      return random.pick(['true', 'false', 't', 'f']);
    case 'timestamptz':
      return random.pick([
        `2024-05-0${1 + (number % 9)} 10:00:00+00`,
        `2024-05-0${1 + (number % 9)}T12:00:00.25+02:00`,
        `2024-05-0${1 + (number % 9)} 08:00:00`,
      ]);
    case 'jsonb':
      return random.pick([`{"k": ${number}, "a": [1, 2]}`, `{"b":"${number}","a":null}`, `[${number}, 1.0]`]);
    case 'uuid':
      return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    case 'mood':
    default:
      return random.pick(['sad', 'ok', 'happy']);
  }
}

export function makeCell(random: Random, { type, notNull }: MadeColumn, wide?: number): string | null {
  return random.below(100) < (notNull ? 1 : 12) ? null : makeValue(random, type, wide);
}
