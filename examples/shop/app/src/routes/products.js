import { Router } from 'express';
import { integer } from '../input.js';

export function productRoutes({ db }) {
  const routes = Router();

  routes.get('/', async (_req, res) => {
    res.json({ products: await db.products() });
  });

  routes.get('/:id', async (req, res) => {
    const id = integer(req.params.id);
    if (id === null) return res.status(400).json({ error: 'product id must be a number' });
    const product = await db.product(id);
    if (!product) return res.status(404).json({ error: 'product not found' });
    res.json(product);
  });

  return routes;
}
