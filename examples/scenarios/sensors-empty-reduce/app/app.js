import Router from '@koa/router';
import Koa from 'koa';
import { readingsOf, sensorOf } from './readings.js';

const router = new Router({ prefix: '/sensors/:name' });

router.param('name', async (name, ctx, next) => {
  ctx.state.sensor = await sensorOf(name);
  if (!ctx.state.sensor) ctx.throw(404, 'no such sensor');
  await next();
});

router.get('/', (ctx) => {
  ctx.body = ctx.state.sensor;
});

router.get('/latest', async (ctx) => {
  const readings = await readingsOf(ctx.state.sensor.id);
  if (readings.length === 0) ctx.throw(404, 'no readings');
  ctx.body = readings.at(-1);
});

router.get('/average', async (ctx) => {
  const readings = await readingsOf(ctx.state.sensor.id);
  if (readings.length === 0) ctx.throw(404, 'no readings');
  const sum = readings.reduce((total, { value }) => total + value, 0);
  ctx.body = { average: sum / readings.length, count: readings.length };
});

router.get('/peak', async (ctx) => {
  const readings = await readingsOf(ctx.state.sensor.id);
  const peak = readings.reduce((a, b) => (b.value > a.value ? b : a));
  ctx.body = { peak: peak.value, taken: peak.taken };
});

const app = new Koa();
app.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    ctx.status = error.status ?? 500;
    ctx.body = { error: error.expose ? error.message : 'internal error' };
    if (ctx.status === 500) ctx.app.emit('error', error, ctx);
  }
});
app.use(router.routes());
app.listen(process.env.PORT);
