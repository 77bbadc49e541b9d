import type { Node } from '../../locate/ast.ts';
import type { Fault } from '../../locate/fault.ts';
import { originOf, type Origin } from '../../locate/flow.ts';
import type { Location } from '../../locate/locate.ts';
import type { Source } from '../../locate/source.ts';
import type { SourceTree } from '../../locate/tree.ts';
import type { FixContext } from '../port.ts';
import { type ErrorAnswer } from './answer-model.ts';
import { errorAnswers } from './answers.ts';
import { renderAnswer, type Rendered, type Wanted } from './render-answer.ts';
import type { Edit } from './edits.ts';
import type { Evidence } from './evidence.ts';

/** What a transformation proposes for a site. */
export interface Proposal {
  edits: Edit[];
  /** For the subject of a commit: what the change does. */
  title: string;
  /** One sentence: what in the code or the recording it rests on. */
  why: string;
  /** 0 … 1: how often this is what was wrong, given that it applies here. */
  weight: number;
  /** Where it differs from the transformation's own. */
  kind?: 'root-cause' | 'mitigation';
}

/** One way to change a program. Pure: looks at the site, never at the file system, and keeps no state. */
export interface Transformation {
  name: string;
  kind: 'root-cause' | 'mitigation';
  /** Cheap: by the fault's kind and the shape of the node. */
  applies(site: Site): boolean;
  propose(site: Site): Proposal[];
}

/** What all sites of an incident share; costly parts are made when first asked for. */
export class Incident {
  readonly tree: SourceTree;
  readonly context: FixContext;
  readonly evidence: Evidence;
  readonly locations: readonly Location[];
  #answers: ErrorAnswer[] | undefined;
  #thrownStatus: 'status' | 'statusCode' | null | undefined;

  constructor(tree: SourceTree, context: FixContext, evidence: Evidence, locations: readonly Location[]) {
    this.tree = tree;
    this.context = context;
    this.evidence = evidence;
    this.locations = locations;
  }

  /** The property by which a thrown error tells its status, where the framework or the app's error handler looks at one. */
  get thrownStatus(): 'status' | 'statusCode' | null {
    if (this.#thrownStatus === undefined) {
      const uses = (pattern: RegExp): boolean => !this.tree.matching(pattern).next().done;
      if (uses(/\b(?:err|error|e)\.statusCode\b|['"]fastify['"]/)) this.#thrownStatus = 'statusCode';
      else this.#thrownStatus = uses(/\b(?:err|error|e)\.status\b|['"]koa['"]/) ? 'status' : null;
    }
    return this.#thrownStatus;
  }

  get answers(): ErrorAnswer[] {
    return (this.#answers ??= errorAnswers(this.tree));
  }
}

/** A location with all that a transformation may ask about it. */
export class Site {
  readonly incident: Incident;
  readonly location: Location;
  #origin: Origin | null | undefined;

  constructor(incident: Incident, location: Location) {
    this.incident = incident;
    this.location = location;
  }

  get tree(): SourceTree {
    return this.incident.tree;
  }
  get evidence(): Evidence {
    return this.incident.evidence;
  }
  get source(): Source {
    return this.location.source;
  }
  get node(): Node {
    return this.location.node;
  }
  get subject(): Node | null {
    return this.location.subject;
  }
  get fault(): Fault {
    return this.location.fault;
  }
  /** The place where the error was thrown, not one that called it. */
  get innermost(): boolean {
    return this.location.depth === 0 && (this.location.by === 'stack' || this.location.searched);
  }

  /** Where the value that failed came from. */
  get origin(): Origin | null {
    if (this.#origin === undefined) {
      const { subject } = this;
      this.#origin =
        subject === null ? null : originOf(this.tree, this.incident.locations, this.location, subject);
    }
    return this.#origin;
  }

  answer(wanted: Wanted): Rendered | undefined {
    const { handler } = wanted;
    // A handler that never answered itself is given its response by the engine (`withResponses`).
    const named =
      handler !== null && handler.response === null && handler.kind !== 'koa' && handler.kind !== 'hono'
        ? { ...handler, response: handler.kind === 'fastify' ? 'reply' : 'res' }
        : handler;
    return renderAnswer(this.incident.answers, {
      ...wanted,
      handler: named,
      thrownStatus: this.incident.thrownStatus,
    });
  }

  /** `src/routes/users.js:12`, for people. */
  place(node: { start: number }, source: Source = this.source): string {
    return `${source.file}:${source.line(node.start)}`;
  }
}
