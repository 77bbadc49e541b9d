import { httpDouble, type Received, type Reply } from './http-double.ts';

/** What the model says, in the form of its provider's API. */
interface Line {
  text: string;
  finish?: 'stop' | 'length';
  tokens?: { input: number; cached: number; output: number };
}

export type Script = (Line | Reply)[];

function isLine(step: Line | Reply): step is Line {
  return typeof step.text === 'string' && !('status' in step) && !('headers' in step) && !('cut' in step);
}

/** OpenAI's chat completions, as OpenAI, Azure, vLLM, Ollama and llama.cpp speak them. Past its end it repeats its last. */
export function openAiServer(script: Script): Promise<{ url: string; received: Received[] }> {
  return scripted(script, (line) => {
    const { input, cached, output } = line.tokens ?? { input: 1000, cached: 400, output: 200 };
    return {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-2024-08-06',
      choices: [
        {
          index: 0,
          finish_reason: line.finish ?? 'stop',
          message: { role: 'assistant', content: line.text },
        },
      ],
      usage: {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
        prompt_tokens_details: { cached_tokens: cached },
      },
    };
  });
}

/** Anthropic's messages; its `input_tokens` leaves out what the cache gave. */
export function anthropicServer(script: Script): Promise<{ url: string; received: Received[] }> {
  return scripted(script, (line) => {
    const { input, cached, output } = line.tokens ?? { input: 1000, cached: 400, output: 200 };
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [{ type: 'text', text: line.text }],
      stop_reason: line.finish === 'length' ? 'max_tokens' : 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: input - cached,
        cache_read_input_tokens: cached,
        cache_creation_input_tokens: 0,
        output_tokens: output,
      },
    };
  });
}

function scripted(
  script: Script,
  form: (line: Line) => Reply['json'],
): Promise<{ url: string; received: Received[] }> {
  let next = 0;
  return httpDouble(() => {
    const step = script[Math.min(next++, script.length - 1)]!;
    return isLine(step) ? { json: form(step) } : step;
  });
}
