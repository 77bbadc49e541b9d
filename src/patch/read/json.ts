import type { FileIntent, Form } from '../intent.ts';
// placeholder until the real reader lands
export function readJson(answer: string): {
  files: FileIntent[];
  problems: string[];
  found: boolean;
  form: Form;
  nested: string[];
} {
  void answer;
  return { files: [], problems: [], found: false, form: 'json', nested: [] };
}
