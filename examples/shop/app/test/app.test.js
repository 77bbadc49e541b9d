import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createApp } from '../src/app.js';

const items = [{ product_id: 1, name: 'Teapot', price: 2500, quantity: 2 }];
const orders = [];
const db = {
  products: async () => [{ id: 1, name: 'Teapot', price: 2500, stock: 3 }],
  product: async (id) => (id === 1 ? { id: 1, name: 'Teapot', price: 2500, stock: 3 } : null),
  cart: async (id) => (id === 7 ? { id: 7 } : null),
  cartItems: async () => items,
  coupon: async (code) => (code === 'TEN' ? { code: 'TEN', percent: 10 } : null),
  createOrder: async (order) => ({ id: orders.push(order) }),
  order: async () => null,
};
const rates = { rate: async (currency) => ({ EUR: 1, USD: 1.1 })[currency] ?? null };

let server;
let url;
before(async () => {
  server = createApp({ db, rates }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

async function post(path, body) {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

test('the catalogue is listed', async () => {
  const answer = await fetch(`${url}/products`);
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).products.length, 1);
});

test('an unknown product is not found', async () => {
  const answer = await fetch(`${url}/products/99`);
  assert.equal(answer.status, 404);
  assert.deepEqual(await answer.json(), { error: 'product not found' });
});

test('a coupon takes its percentage off', async () => {
  const { status, body } = await post('/checkout', { cart: 7, coupon: 'TEN' });
  assert.equal(status, 201);
  assert.deepEqual(body, { id: 1, cart: 7, currency: 'EUR', subtotal: 5000, discount: 500, total: 4500 });
});

test('a total is converted', async () => {
  const { body } = await post('/checkout', { cart: 7, currency: 'USD' });
  assert.equal(body.total, 5500);
});

test('a checkout of an unknown cart or in an unknown currency is not found', async () => {
  assert.deepEqual(await post('/checkout', { cart: 8 }), { status: 404, body: { error: 'cart not found' } });
  assert.deepEqual(await post('/checkout', { cart: 7, currency: 'XXX' }), {
    status: 404,
    body: { error: 'currency not found' },
  });
});
