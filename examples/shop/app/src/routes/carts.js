import { Router } from 'express';
import { integer } from '../input.js';
import { subtotalOf } from '../pricing.js';

export function cartRoutes({ db }) {
  const routes = Router();

  routes.post('/', async (_req, res) => {
    const cart = await db.createCart();
    res.status(201).json({ id: cart.id, items: [], subtotal: 0 });
  });

  routes.get('/:id', async (req, res) => {
    const id = integer(req.params.id);
    if (id === null) return res.status(400).json({ error: 'cart id must be a number' });
    const cart = await db.cart(id);
    if (!cart) return res.status(404).json({ error: 'cart not found' });
    const items = await db.cartItems(cart.id);
    res.json({ id: cart.id, items, subtotal: subtotalOf(items) });
  });

  routes.post('/:id/items', async (req, res) => {
    const id = integer(req.params.id);
    const quantity = integer(req.body?.quantity ?? 1);
    const productId = integer(req.body?.product);
    if (id === null || quantity === null || productId === null) {
      return res.status(400).json({ error: 'cart, product and quantity must be numbers' });
    }
    const cart = await db.cart(id);
    if (!cart) return res.status(404).json({ error: 'cart not found' });
    const product = await db.product(productId);
    if (!product) return res.status(404).json({ error: 'product not found' });
    await db.addItem(cart.id, product.id, quantity);
    const items = await db.cartItems(cart.id);
    res.status(201).json({ id: cart.id, items, subtotal: subtotalOf(items) });
  });

  return routes;
}
