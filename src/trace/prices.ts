import { z } from 'zod';
import { VouchError } from '../lib/errors.ts';
import builtIn from './prices.json' with { type: 'json' };

/** US dollars for a million tokens. `cachedInput` is what input read from the provider's cache costs. */
const priceSchema = z.object({
  input: z.number().min(0),
  cachedInput: z.number().min(0),
  output: z.number().min(0),
});

/** The file form: the user's own file has the same, and its entries replace ours. */
const priceFileSchema = z.object({
  version: z.string().min(1).max(80),
  usdPerMillionTokens: z.record(z.string(), priceSchema),
});
export type PriceFile = z.infer<typeof priceFileSchema>;

export interface PriceTable {
  /** Names the table that a cost was computed with; a table with the user's entries says so. */
  readonly version: string;
  /** Null where the table has no price for this model. */
  costOf(
    provider: string | null,
    model: string,
    tokens: { input: number; cachedInput: number; output: number },
  ): number | null;
}

/** Names end in a date or a word for "newest" without another price: `gpt-4o-2024-08-06`, `claude-sonnet-4-20250514`. */
const SUFFIX = /(?:-\d{4}-?\d{2}-?\d{2}|-latest|@\d{8}|-v\d+(?::\d+)?)$/;

/** The table that ships with the program, overridden entry by entry by the user's. */
export function priceTable(user: PriceFile | null = null): PriceTable {
  const prices = new Map(Object.entries(priceFileSchema.parse(builtIn).usdPerMillionTokens));
  for (const [model, price] of Object.entries(user?.usdPerMillionTokens ?? {})) prices.set(model, price);
  const version = user === null ? builtIn.version : `${builtIn.version}+${user.version}`;
  return {
    version,
    costOf(provider, model, tokens) {
      const names = [model, model.replace(SUFFIX, '')].flatMap((name) => [`${provider ?? ''}/${name}`, name]);
      const price = names.map((name) => prices.get(name)).find((found) => found !== undefined);
      if (price === undefined) return null;
      const cached = Math.min(tokens.cachedInput, tokens.input);
      const micro =
        (tokens.input - cached) * price.input + cached * price.cachedInput + tokens.output * price.output;
      return micro / 1e6;
    },
  };
}

/** The user's price file as it was read from disk. Throws `usage` with the place of the first mistake. */
export function parsePriceFile(text: string, path: string): PriceFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new VouchError('usage', `${path}: not JSON`, { cause: error });
  }
  const parsed = priceFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VouchError('usage', `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`, {
    hint: 'it looks like { "version": "mine-1", "usdPerMillionTokens": { "MODEL": { "input": 1, "cachedInput": 0.1, "output": 4 } } }',
  });
}
