import express from 'express';
import { cartRoutes } from './routes/carts.js';
import { checkoutRoutes } from './routes/checkout.js';
import { couponRoutes } from './routes/coupons.js';
import { orderRoutes } from './routes/orders.js';
import { productRoutes } from './routes/products.js';

/** The shop over a database and a rates service; tests hand in their own. */
export function createApp(services) {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());

  app.get('/health', (_req, res) => {
    res.json({ ok: true });
  });
  app.use('/products', productRoutes(services));
  app.use('/carts', cartRoutes(services));
  app.use('/coupons', couponRoutes(services));
  app.use('/checkout', checkoutRoutes(services));
  app.use('/orders', orderRoutes(services));

  app.use((_req, res) => {
    res.status(404).json({ error: 'route not found' });
  });
  app.use((error, _req, res, _next) => {
    if (error.status >= 400 && error.status < 500)
      return res.status(error.status).json({ error: error.message });
    console.error(error);
    res.status(500).json({ error: 'internal error' });
  });
  return app;
}
