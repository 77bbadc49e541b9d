import type { Active } from '../matching.ts';

/** Which of the plan's requests are under way, and which were answered, oldest first. */
export interface Turns {
  begin(id: string): void;
  end(id: string): void;
  active(): Active;
}

export function createTurns(): Turns {
  const underWay: string[] = [];
  const answered: string[] = [];
  return {
    begin: (id) => void underWay.push(id),
    end(id) {
      const at = underWay.indexOf(id);
      if (at === -1) return;
      underWay.splice(at, 1);
      answered.push(id);
    },
    active: () => ({ underWay, answered }),
  };
}
