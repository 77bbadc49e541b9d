/** A kind of secret that is told by its form alone. */
export interface SecretPattern {
  name: string;
  /** Global. What is to be hidden is group 1 where there is one, else the whole match. */
  pattern: RegExp;
}

/** Forms published by those who give the keys out; each is specific enough to be sure of in any text. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    name: 'private-key',
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^]{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  },
  { name: 'jwt', pattern: /\beyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{2,8000}\.[A-Za-z0-9_-]{0,4000}/g },
  { name: 'aws-key', pattern: /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g },
  { name: 'github-token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})\b/g },
  { name: 'gitlab-token', pattern: /\bglpat-[A-Za-z0-9_-]{20,100}/g },
  { name: 'slack-token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g },
  { name: 'stripe-key', pattern: /\b(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,250}\b/g },
  { name: 'model-key', pattern: /\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,250}/g },
  { name: 'google-key', pattern: /\bAIza[A-Za-z0-9_-]{35}\b/g },
  { name: 'npm-token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { name: 'sendgrid-key', pattern: /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}\b/g },
  { name: 'password', pattern: /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/?#@'"]{0,200}:([^\s/?#@'"]{1,200})@/gi },
];

/** Names whose value is a secret whatever it looks like: `password`, `api_key`, `x-auth-token`, `DB_PASSWORD`. */
export function isSecretName(name: string): boolean {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  if (/(?:^|_)(?:token|tokens|max_tokens)_?(?:count|type|limit|usage|expires?|ttl)/.test(plain)) return false;
  return /(?:^|_)(?:pass|password|passwd|passphrase|pwd|secret|secrets|token|csrf|xsrf|jwt|apikey|api_key|access_key|private_key|signing_key|encryption_key|auth_key|credential|credentials|authorization|cookie|session|sessionid|session_id|sid|otp|pin|cvv|cvc|ssn|iban|signature)(?:_\d+)?(?:_value|_hash|_key|_id)?$/.test(
    plain,
  );
}
