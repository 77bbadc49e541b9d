/** `artifactLocation` (3.4), and what `run.originalUriBaseIds` (3.14.14) holds. */
export interface Location {
  uri?: string | undefined;
  uriBaseId?: string | undefined;
  index?: number | undefined;
}

const MAX_BASES = 10;

/**
 * The path of a location, its bases in front where the run says what they are: absolute for a `file:` URI. Null for one
 * that names no file.
 */
export function pathOf(
  location: Location,
  artifacts: readonly { location?: Location | undefined }[],
  bases: Readonly<Record<string, Location>>,
): string | null {
  const own = location.uri === undefined ? artifacts[location.index ?? -1]?.location : location;
  let uri = own?.uri;
  let base = own?.uriBaseId;
  for (let i = 0; i < MAX_BASES && uri !== undefined && base !== undefined && !isAbsolute(uri); i++) {
    const found: Location | undefined = Object.hasOwn(bases, base) ? bases[base] : undefined;
    // Where the base is on the machine of whoever reads it is for them to know: the tree's folder.
    if (found?.uri !== undefined) uri = found.uri.replace(/\/?$/, '/') + uri.replace(/^\.\//, '');
    base = found?.uriBaseId;
  }
  return uri === undefined || uri === '' ? null : pathIn(uri);
}

function isAbsolute(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(uri) || uri.startsWith('/');
}

function pathIn(uri: string): string | null {
  const bare = uri.replace(/^file:(?:\/\/(?:localhost)?(?=\/))?(?=\/(?!\/))/i, '');
  if (/^[a-z][a-z0-9+.-]*:|^\/\/|[?#]/i.test(bare)) return null;
  try {
    return decodeURIComponent(bare);
  } catch {
    return null;
  }
}
