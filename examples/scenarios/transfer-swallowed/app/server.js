'use strict';

const Koa = require('koa');
const Router = require('@koa/router');
const bodyParser = require('koa-bodyparser');
const accounts = require('./accounts');

const router = new Router();

router.get('/accounts/:id', async (ctx) => {
  const account = await accounts.find(ctx.params.id);
  if (!account) return fail(ctx, 404, 'no such account');
  ctx.body = account;
});

router.post('/accounts/:id/deposit', async (ctx) => {
  const amount = ctx.request.body.amount;
  if (!Number.isInteger(amount) || amount <= 0) return fail(ctx, 422, 'amount must be a positive integer');
  const account = await accounts.find(ctx.params.id);
  if (!account) return fail(ctx, 404, 'no such account');
  ctx.body = await accounts.add(account.id, amount);
});

router.post('/transfers', async (ctx) => {
  const { from, to, amount } = ctx.request.body;
  if (!Number.isInteger(amount) || amount <= 0) return fail(ctx, 422, 'amount must be a positive integer');
  const source = await accounts.find(from);
  const target = await accounts.find(to);
  if (source.owner === target.owner && source.id === target.id) return fail(ctx, 422, 'accounts must differ');
  if (source.balance < amount) return fail(ctx, 409, 'not enough money');
  await accounts.add(source.id, -amount);
  await accounts.add(target.id, amount);
  ctx.body = { ok: true, from: source.id, to: target.id, amount };
});

function fail(ctx, status, message) {
  ctx.status = status;
  ctx.body = { error: message };
}

const app = new Koa();
app.use(bodyParser());
app.use(router.routes());
app.listen(process.env.PORT);
