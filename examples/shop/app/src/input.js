/** A positive integer given as text or number, or null. */
export function integer(value) {
  const text = String(value ?? '');
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
