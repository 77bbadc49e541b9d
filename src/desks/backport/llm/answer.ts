import { z } from 'zod';
import { parseJson, type Json } from '../../../lib/json.ts';
import type { Call } from '../model.ts';

/** One branch of an answer, as the model gave it. */
export interface Said {
  branch: string;
  verdict: Call;
  confidence: number;
  evidence: string[];
  needs: string[];
  reason: string;
}

const CALLS = ['yes', 'no', 'wait', 'uncertain'] as const;
const text = z.string().max(4000);
const answerSchema = z.strictObject({
  verdicts: z
    .array(
      z.strictObject({
        branch: z.string().max(200),
        verdict: z.enum(CALLS),
        confidence: z.number().min(0).max(1),
        evidence: z.array(text).max(20),
        needs: z.array(z.string().max(64)).max(50),
        reason: text,
      }),
    )
    .max(100),
});

/** The form that is asked for. Every member is required, as providers' structured output wants it. */
export function answerForm(branches: readonly string[]): { [key: string]: Json } {
  const string: Json = { type: 'string' };
  const properties: { [key: string]: Json } = {
    branch: { type: 'string', enum: [...branches] },
    evidence: {
      type: 'array',
      items: string,
      description: 'quotes of the message or the change, word for word',
    },
    reason: { type: 'string', description: 'one or two sentences' },
    verdict: { type: 'string', enum: [...CALLS] },
    confidence: { type: 'number', description: '0 to 1' },
    needs: { type: 'array', items: string, description: 'ids of commits that it cannot do without' },
  };
  return {
    type: 'object',
    additionalProperties: false,
    required: ['verdicts'],
    properties: {
      verdicts: {
        type: 'array',
        items: { type: 'object', additionalProperties: false, required: Object.keys(properties), properties },
      },
    },
  };
}

/**
 * Reads an answer of that form: the object itself, or one in a fence. A verdict is only what stands in its field: words around
 * it ("no need to wait") decide nothing. Gives back why it cannot be read, for another try.
 */
export function readAnswer(raw: string, branches: readonly string[]): { said: Said[] } | { refusal: string } {
  const [, fenced] = /^\s*```[a-z]*\s*\n([\s\S]*?)\n\s*```\s*$/.exec(raw) ?? [];
  const value = parseJson((fenced ?? raw).trim());
  if (value === undefined) return { refusal: 'the answer is not the JSON object that was asked for' };
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { refusal: `${issue!.path.join('.') || 'the answer'}: ${issue!.message}`.slice(0, 300) };
  }
  const { verdicts } = parsed.data;
  const missing = branches.find((branch) => verdicts.filter((one) => one.branch === branch).length !== 1);
  if (missing !== undefined) return { refusal: `there must be one verdict for branch ${missing}` };
  return { said: branches.map((branch) => verdicts.find((one) => one.branch === branch)!) };
}
