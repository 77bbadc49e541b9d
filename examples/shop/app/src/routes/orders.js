import { Router } from 'express';
import { integer } from '../input.js';

export function orderRoutes({ db }) {
  const routes = Router();

  routes.get('/:id', async (req, res) => {
    const id = integer(req.params.id);
    if (id === null) return res.status(400).json({ error: 'order id must be a number' });
    const order = await db.order(id);
    if (!order) return res.status(404).json({ error: 'order not found' });
    res.json({
      id: order.id,
      cart: order.cart_id,
      coupon: order.coupon_code,
      currency: order.currency,
      subtotal: order.subtotal,
      discount: order.discount,
      total: order.total,
    });
  });

  return routes;
}
