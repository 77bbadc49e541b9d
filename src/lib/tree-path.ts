/**
 * Why a path may not be touched, or null. Relative, with `/`, without `.` and `..`, no control characters, and no
 * `.git` in any spelling that some file system folds to it (CVE-2014-9390, CVE-2019-1352).
 */
export function badPath(path: string): string | null {
  const shown = JSON.stringify(path.slice(0, 200));
  if (path === '' || path.length > 1000) return `${shown}: not a file name`;
  if (/[\u0000-\u001f\u007f]/.test(path)) return `${shown}: has a control character`;
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return `${shown}: absolute`;
  if (path.includes('\\')) return `${shown}: has a backslash`;
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.')) return `${shown}: not a plain relative path`;
  if (parts.includes('..')) return `${shown}: outside the tree`;
  if (
    parts.some((part) =>
      /^(?:\.git|git~\d)[ .]*(?::.*)?$/i.test(part.replace(/[\u200b-\u200f\u202a-\u202e\ufeff]/g, '')),
    )
  )
    return `${shown}: inside .git`;
  return null;
}
