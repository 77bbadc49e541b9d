import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, systemCode, VouchError } from '../../../lib/errors.ts';
import { compilePhrase, type Phrase } from './phrase.ts';
import { fittedSchema, type Fitted } from './fitted.ts';

/**
 * What a project's rules file says: how its people write about backports. The engine itself knows no project. See
 * `projects/haproxy.yaml` for one with comments.
 */
const ID = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'must be of lower case letters, digits and dashes');
const phrase = z.string().transform((text, context): Phrase => {
  try {
    return compilePhrase(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
    return z.NEVER;
  }
});
const phrases = z.array(phrase).min(1).max(200);
const rule = { id: ID, phrases, unless: z.array(phrase).max(200).default([]) };

export const SAYS = [
  'asks',
  'may',
  'declines',
  'wait',
  'conditional',
  'reserved',
  'development',
  'remark',
] as const;
export const MEANS = ['needs', 'introduced', 'reverts', 'together', 'condition'] as const;

const address = (blank: string) =>
  z
    .string()
    .max(500)
    .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), 'must be an http or https address')
    .refine((url) => url.includes(blank), `must have ${blank}`);

const projectSchema = z.strictObject({
  name: ID,
  /** Where commits and issues are shown. */
  web: z
    .strictObject({ commit: address('{sha}'), issue: address('{number}') })
    .partial()
    .default({}),
  /** A sentence that has one of these is about backports. */
  about: phrases,
  /** What such sentences say. All rules are tried; `declines` beats `asks`, which beats `may`. */
  sentences: z
    .array(z.strictObject({ ...rule, says: z.enum(SAYS) }))
    .min(1)
    .max(100),
  /** What any sentence says that names a commit; the first rule that holds. */
  links: z
    .array(z.strictObject({ ...rule, means: z.enum(MEANS) }))
    .max(100)
    .default([]),
  /** Sentences that ask for commits which they do not name. */
  neighbours: z.strictObject({ previous: phrases, next: phrases, series: phrases }).partial().default({}),
  /** What else a message can say that tells fixes from features. */
  hints: z
    .array(z.strictObject({ ...rule }))
    .max(100)
    .default([]),
  /** Branches that are meant without their number. */
  everywhere: z.array(phrase).max(100).default([]),
  /** Names for groups of tags (`*` at either end stands for anything) and for folders or files (how their paths start). */
  tags: z.record(ID, z.array(z.string().min(1).max(60)).min(1)).default({}),
  areas: z.record(ID, z.array(z.string().min(1).max(200)).min(1)).default({}),
  waiting: z
    .array(z.strictObject({ phrases, days: z.number().min(0).max(3650) }))
    .max(50)
    .default([]),
  /** How long to wait where no period is given. */
  observation: z.number().min(0).max(3650).default(14),
  /** Fitted or chosen weights: here, or in a JSON file beside this one. */
  model: z.union([
    fittedSchema,
    z.string().regex(/^[a-z0-9.-]+\.json$/, 'must name a .json file beside the rules'),
  ]),
});
type ProjectFile = z.infer<typeof projectSchema>;
export type Project = Omit<ProjectFile, 'model'> & { model: Fitted };
export type Rule = Pick<ProjectFile['sentences'][number], 'id' | 'phrases' | 'unless'>;

const SHIPPED = resolve(import.meta.dirname, '../projects');
export const SHIPPED_PROJECTS = ['haproxy', 'linux-stable', 'conventional-commits'] as const;
const MAX_BYTES = 1024 * 1024;

/** A shipped project by its name, or a rules file by its path. Throws `usage` that says which entry is wrong. */
export async function loadProject(nameOrFile: string): Promise<Project> {
  const shipped = SHIPPED_PROJECTS.find((name) => name === nameOrFile);
  const path = shipped === undefined ? resolve(nameOrFile) : join(SHIPPED, `${shipped}.yaml`);
  const file = check(projectSchema, parseYaml(await read(path, nameOrFile), nameOrFile), nameOrFile);
  if (typeof file.model !== 'string') return { ...file, model: file.model };
  const beside = join(path, '..', file.model);
  const text = await read(beside, `${nameOrFile}: model ${file.model}`);
  return { ...file, model: check(fittedSchema, parseYaml(text, beside), beside) };
}

async function read(path: string, named: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8');
  } catch (error) {
    const code = systemCode(error);
    const why = code === 'ENOENT' ? 'no such rules' : `cannot be read (${code ?? messageOf(error)})`;
    throw new VouchError('usage', `${named}: ${why}`, {
      hint: `\`--rules\` takes ${SHIPPED_PROJECTS.join(', ')}, or a rules file`,
      cause: error,
    });
  }
  throw new VouchError('usage', `${named}: larger than ${MAX_BYTES} bytes`);
}

function parseYaml(text: string, named: string): unknown {
  try {
    return parse(text, { maxAliasCount: 20 });
  } catch (error) {
    throw new VouchError('usage', `${named}: ${messageOf(error).split('\n')[0]}`, { cause: error });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, named: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `;
  const more = parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : '';
  throw new VouchError('usage', `${named}: ${where}${issue!.message}${more}`);
}
