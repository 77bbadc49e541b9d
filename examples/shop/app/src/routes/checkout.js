import { Router } from 'express';
import { integer } from '../input.js';
import { percentOf, subtotalOf } from '../pricing.js';

export function checkoutRoutes({ db, rates }) {
  const routes = Router();

  routes.post('/', async (req, res) => {
    const { coupon: code, currency = 'EUR' } = req.body ?? {};
    const cartId = integer(req.body?.cart);
    if (cartId === null) return res.status(400).json({ error: 'cart must be a number' });
    const cart = await db.cart(cartId);
    if (!cart) return res.status(404).json({ error: 'cart not found' });
    const items = await db.cartItems(cart.id);
    if (items.length === 0) return res.status(400).json({ error: 'cart is empty' });

    const subtotal = subtotalOf(items);
    let discount = 0;
    if (code !== undefined) {
      const coupon = await db.coupon(code);
      discount = percentOf(subtotal, coupon.percent);
    }

    const rate = await rates.rate(currency);
    if (rate === null) return res.status(404).json({ error: 'currency not found' });
    const total = Math.round((subtotal - discount) * rate);
    const order = await db.createOrder({
      cart: cart.id,
      coupon: code ?? null,
      currency,
      subtotal,
      discount,
      total,
    });
    res.status(201).json({ id: order.id, cart: cart.id, currency, subtotal, discount, total });
  });

  return routes;
}
