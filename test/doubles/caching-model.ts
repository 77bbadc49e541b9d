import { setTimeout as delay } from 'node:timers/promises';
import { isObject, type Json } from '../../src/lib/json.ts';
import { httpDouble, textOf, type Received, type Reply } from './http-double.ts';

export interface Asked {
  system: string;
  prompt: string;
  /** The branches that the form allows. */
  branches: string[];
  /** How many questions came before it. */
  number: number;
}

/**
 * OpenAI's chat completions with a cache of beginnings, as servers have one: what a prompt has in common with an earlier one, token by
 * token, costs nothing again. `answer` gives the text, or a whole reply. Refuses what is not asked for in the promised form.
 */
export async function cachingModel(answer: (asked: Asked) => string | Reply): Promise<{
  url: string;
  received: Received[];
  /** Questions that were under way at once, at most. */
  most: () => number;
}> {
  const seen: string[][] = [];
  let [number, now, most] = [0, 0, 0];
  const server = await httpDouble(async (request): Promise<Reply> => {
    const asked = readAsked(request.body, number++);
    if (asked === null)
      return { status: 400, json: { error: { message: 'not a question of the promised form' } } };
    now++;
    most = Math.max(most, now);
    // Long enough that questions which are sent at once meet here.
    await delay(30);
    now--;
    const tokens = `${asked.system}\n${asked.prompt}`.split(/(?<=\s)/);
    const cached = Math.max(0, ...seen.map((other) => common(other, tokens)));
    seen.push(tokens);
    const said = answer(asked);
    if (typeof said !== 'string') return said;
    return {
      json: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'local',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: said } }],
        usage: {
          prompt_tokens: tokens.length,
          completion_tokens: 50,
          total_tokens: tokens.length + 50,
          prompt_tokens_details: { cached_tokens: cached },
        },
      },
    };
  });
  return { ...server, most: () => most };
}

function common(a: readonly string[], b: readonly string[]): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

function readAsked(body: Json, number: number): Asked | null {
  if (!isObject(body) || !Array.isArray(body['messages'])) return null;
  const [system, user] = body['messages'];
  const format = body['response_format'];
  if (!isObject(system) || !isObject(user) || !isObject(format) || format['type'] !== 'json_schema')
    return null;
  const schema = JSON.stringify(format['json_schema']);
  const [, branches = '[]'] = /"branch":\{"type":"string","enum":(\[[^\]]*\])/.exec(schema) ?? [];
  const text = (content: Json | undefined): string =>
    typeof content === 'string'
      ? content
      : Array.isArray(content)
        ? content.map((part) => (isObject(part) ? textOf(part['text']) : '')).join('')
        : '';
  return {
    system: text(system['content']),
    prompt: text(user['content']),
    branches: JSON.parse(branches) as string[],
    number,
  };
}
