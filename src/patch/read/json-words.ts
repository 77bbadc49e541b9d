/** Names of members by which edits as JSON are known. */

const words = (text: string): string[] => text.split(' ');

export const NAME = words('file path filename file_path filePath target_file targetFile relative_path name');
export const OLD = words(
  'search old old_string oldString old_str oldStr oldText old_text find original before old_code oldCode',
);
export const NEW = words(
  'replace new new_string newString new_str newStr newText new_text replacement updated after replace_with new_code newCode',
);
export const WHOLE = words(
  'content text code contents new_content newContent source file_text fileText file_content full_content',
);
export const DIFF = words('diff patch unified_diff unifiedDiff udiff');
export const LISTS = words(
  'edits changes patches modifications replacements files operations blocks hunks fixes actions updates',
);
export const WRAPPERS = words(
  'input arguments parameters args params tool_input function operation result output data answer response',
);
export const FROM = words('from old_path oldPath source_path');
export const TO = words('to new_path newPath destination');
export const START = words('start_line startLine line line_start lineStart start');
export const ACTION = words('action type op operation kind command');

/** All of them, and what stands beside: by these a string that is not escaped is seen to end. */
export const EDIT_KEYS: ReadonlySet<string> = new Set([
  ...NAME,
  ...OLD,
  ...NEW,
  ...WHOLE,
  ...DIFF,
  ...LISTS,
  ...WRAPPERS,
  ...FROM,
  ...TO,
  ...START,
  ...ACTION,
  ...words(
    'explanation reason description title end_line endLine line_end end replace_all language summary notes',
  ),
]);

/** Whether a text has the names of at least two members of edits. */
export function mentionsEdits(text: string): boolean {
  let found = 0;
  for (const [, key] of text.matchAll(/["']?([\w-]{1,40})["']?\s{0,20}:/g))
    if (EDIT_KEYS.has(key!) && ++found >= 2) return true;
  return false;
}
