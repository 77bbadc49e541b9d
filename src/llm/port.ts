import type { Json } from '../lib/json.ts';

export interface ModelRequest {
  system: string;
  prompt: string;
  maxOutputTokens: number;
  temperature: number;
  /**
   * The form that the answer must have, as a JSON schema: sent as the provider's structured output. The text of the answer is still
   * to be checked: not every server keeps to it.
   */
  output?: { name: string; schema: { [key: string]: Json } };
  signal: AbortSignal;
}

export interface ModelAnswer {
  text: string;
  /** `length` means that it was cut off. */
  finish: 'stop' | 'length' | 'other';
  tokens: { input: number; cachedInput: number; output: number };
  seconds: number;
  /** The id that the provider reports, which may be longer than the one asked for. */
  model: string;
}

/** A model behind its provider's API. Throws `VouchError` `unavailable` for what a later try may mend, `usage` for the rest. */
export interface Model {
  readonly provider: string;
  readonly model: string;
  ask(request: ModelRequest): Promise<ModelAnswer>;
}
