import { expect, it } from 'vitest';
import { inbound, slice } from '../../test/fixtures/recordings.ts';
import { routesOf } from './routes.ts';

const article = (slug: string, status = 200): ReturnType<typeof inbound> =>
  inbound('GET', `/articles/${slug}`, status, { slug, title: slug });

it('takes parts with digits for values', () => {
  const one = inbound('GET', '/orders/17/items?page=2', 200, {});
  expect(routesOf(slice([one])).of(one)).toBe('GET /orders/:id/items');
});

it('takes words at one place with answers of one form for values, also where a request failed', () => {
  const failed = inbound('GET', '/articles/last', 500, { error: 'x' });
  const routes = routesOf(slice([article('first'), article('second'), failed]));
  expect(routes.of(failed)).toBe(routes.of(article('first')));
});

it('keeps words apart whose answers have other forms', () => {
  const me = inbound('GET', '/users/me', 200, { name: 'a', secret: 's' });
  const list = inbound('GET', '/users/active', 200, [1]);
  const routes = routesOf(slice([me, list]));
  expect(routes.of(me)).toBe('GET /users/me');
  expect(routes.of(list)).toBe('GET /users/active');
});

it('keeps methods and resources apart', () => {
  const routes = routesOf(slice([article('a'), article('b')]));
  expect(routes.of(inbound('PUT', '/articles/a', 200, {}))).toBe('PUT /articles/a');
  expect(routes.of(inbound('GET', '/authors/a', 200, {}))).toBe('GET /authors/a');
});
