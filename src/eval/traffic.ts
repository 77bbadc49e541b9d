import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { isObject, parseJson, type Json } from '../lib/json.ts';
import { mapLimited } from '../lib/limit.ts';
import type { Scenario, ScenarioRequest } from './scenario.ts';

export interface Answer {
  /** 0: the connection closed without an answer. */
  status: number;
  body: string;
}

const TIMEOUT_MS = 20_000;
const MAX_BODY = 8 * 1024 * 1024;
const RESTART_MS = 10_000;

/** Where the app listens on loopback: its own port, or a router's with the host name that leads to it. */
export interface Target {
  port: number;
  host?: string;
}

/** Sends one request to the app. A refused connection is tried again for a while: an app that crashed is being restarted. */
export async function send(
  target: Target,
  asked: ScenarioRequest,
  scenario: Pick<Scenario, 'tokens'>,
): Promise<Answer> {
  const deadline = performance.now() + RESTART_MS;
  for (;;) {
    const answer = await sendOnce(target, asked, scenario);
    if (answer !== 'refused') return answer;
    if (performance.now() > deadline) return { status: 0, body: '' };
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function sendOnce(
  target: Target,
  asked: ScenarioRequest,
  scenario: Pick<Scenario, 'tokens'>,
): Promise<Answer | 'refused'> {
  const body =
    asked.body === undefined
      ? undefined
      : typeof asked.body === 'string'
        ? asked.body
        : JSON.stringify(asked.body);
  const headers: Record<string, string> = target.host === undefined ? {} : { host: target.host };
  for (const [name, value] of Object.entries(asked.headers))
    headers[name] = fillTokens(value, scenario.tokens);
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  return new Promise((resolve) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: target.port,
        method: asked.method,
        path: asked.path,
        headers,
        agent: false,
        timeout: TIMEOUT_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MAX_BODY) chunks.push(chunk);
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        response.on('error', () => resolve({ status: 0, body: '' }));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', (error) => {
      resolve('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : { status: 0, body: '' });
    });
    request.end(body);
  });
}

/** `{{token:NAME}}` becomes a JWT (HS256) that expires `ttl` seconds from now. */
function fillTokens(value: string, tokens: Scenario['tokens']): string {
  return value.replaceAll(/\{\{token:([^}]+)\}\}/g, (whole, name: string) => {
    const token = tokens[name];
    if (!token) return whole;
    const part = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...token.claims, iat: now, exp: now + token.ttl })}`;
    return `${signed}.${createHmac('sha256', token.secret).update(signed).digest('base64url')}`;
  });
}

/** Sends the scenario's traffic, in order or over several connections at once. Returns what was answered otherwise than expected. */
export async function sendTraffic(target: Target, scenario: Scenario): Promise<string[]> {
  const surprises = await mapLimited(scenario.traffic, scenario.concurrency, async (asked) => {
    const answer = await send(target, asked, scenario);
    const wanted = [asked.expect].flat();
    return wanted.includes(answer.status)
      ? null
      : `${asked.method} ${asked.path}: ${answer.status}, expected ${wanted.join(' or ')}`;
  });
  return surprises.filter((surprise) => surprise !== null);
}

/** Sends the held-out requests. Returns what a correct fix would have answered otherwise. */
export async function sendHeldOut(target: Target, scenario: Scenario): Promise<string[]> {
  const failures: string[] = [];
  for (const asked of scenario.heldout) {
    const answer = await send(target, asked, scenario);
    const where = `${asked.method} ${asked.path}`;
    const statuses = asked.expect.status === undefined ? null : [asked.expect.status].flat();
    if (statuses && !statuses.includes(answer.status))
      failures.push(`${where}: ${answer.status}, expected ${statuses.join(' or ')}`);
    const body = asked.expect.body;
    if (body === undefined) continue;
    const holds =
      typeof body === 'string' ? answer.body.includes(body) : contains(parseJson(answer.body), body);
    if (!holds)
      failures.push(
        `${where}: the body ${answer.body.slice(0, 200)} does not contain ${JSON.stringify(body).slice(0, 200)}`,
      );
  }
  return failures;
}

/** Whether `wanted` is a part of `value`: members of objects may be more, lists are compared item by item. */
export function contains(value: Json | undefined, wanted: Json): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((item, i) => contains(value[i], item))
    );
  }
  if (isObject(wanted))
    return isObject(value) && Object.entries(wanted).every(([key, member]) => contains(value[key], member));
  return value === wanted;
}
