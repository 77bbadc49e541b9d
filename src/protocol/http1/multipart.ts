import { bytesToJson, type BytesJson } from '../bytes.ts';

export interface Part {
  name: string | null;
  filename: string | null;
  type: string | undefined;
  body: BytesJson;
}

const MAX_PARTS = 1000;

/** The parts of a multipart body (RFC 2046, section 5.1), or undefined where it is not one. */
export function multipartParts(bytes: Buffer, contentType: string): Part[] | undefined {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Part[] = [];
  let at = bytes.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length;
    if (bytes.toString('latin1', start, start + 2) === '--') return parts;
    const next = bytes.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), start);
    if (next === -1 || parts.length >= MAX_PARTS) return undefined;
    const part = onePart(bytes.subarray(start, next));
    if (part === undefined) return undefined;
    parts.push(part);
    at = next + 2;
  }
  return undefined;
}

function onePart(bytes: Buffer): Part | undefined {
  const start = bytes.indexOf('\r\n');
  const headEnd = bytes.indexOf('\r\n\r\n', Math.max(start, 0));
  if (start === -1 || headEnd === -1) return undefined;
  const head = bytes.toString('utf8', start + 2, headEnd);
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  return {
    name: parameter(disposition, 'name'),
    filename: parameter(disposition, 'filename'),
    type: /^content-type:\s*(.*?)\s*$/im.exec(head)?.[1],
    body: bytesToJson(bytes.subarray(headEnd + 4)),
  };
}

function parameter(disposition: string, name: string): string | null {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]*))`, 'i').exec(disposition);
  return match?.[1] ?? match?.[2] ?? null;
}
