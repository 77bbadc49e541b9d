import { type Node } from '../../locate/ast.ts';
import { type Handler } from '../../locate/routes.ts';
import type { Source } from '../../locate/source.ts';

/** An error answer that the app gives somewhere: the model for one that it should give elsewhere. */
export interface ErrorAnswer {
  source: Source;
  status: number;
  /** The statements, without braces. */
  statements: Node[];
  braces: boolean;
  /** How the handler around names what it is given; null in a helper that only throws. */
  handler: Handler | null;
  throws: boolean;
  /** Position of the status in the text, if it is written there as a number. */
  statusAt: { start: number; end: number } | null;
  messages: { start: number; end: number; value: string }[];
  /** What the handler's route is about. */
  entity: string | null;
  /** The route, for the reader. */
  where: string;
  /** The error answer is for something that is not there (its test is a negation), not for a wrong input. */
  missing: boolean;
  /** The field that its test looks at, as it may be named in the message. */
  tested: string | null;
  /** Calls in the `try` whose `catch` this is. */
  catches: Set<string>;
  /** Names that it uses and that must exist where it is put. */
  free: Set<string>;
}
