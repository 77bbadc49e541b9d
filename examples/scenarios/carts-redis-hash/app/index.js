const express = require('express');
const { createClient } = require('redis');
const { createCarts } = require('./lib/carts');

async function main() {
  const redis = createClient({ url: process.env.REDIS_URL });
  redis.on('error', (error) => console.error('redis', error.message));
  await redis.connect();
  const carts = createCarts(redis);
  const app = express();
  app.use(express.json());

  app.put('/carts/:id', async (req, res) => {
    const { owner, items } = req.body;
    if (typeof owner !== 'string' || !Array.isArray(items)) return res.status(400).json({ message: 'owner and items are required' });
    await carts.save(req.params.id, { owner, items });
    res.status(201).json({ id: req.params.id });
  });

  app.get('/carts/:id', async (req, res) => {
    const cart = await carts.load(req.params.id);
    res.json({ id: req.params.id, owner: cart.owner, items: cart.items });
  });

  app.get('/carts/:id/owner', async (req, res) => {
    const owner = await carts.owner(req.params.id);
    if (owner === null) return res.status(404).json({ message: 'cart does not exist' });
    res.json({ owner });
  });

  app.delete('/carts/:id', async (req, res) => {
    const existed = await carts.remove(req.params.id);
    if (!existed) return res.status(404).json({ message: 'cart does not exist' });
    res.json({ removed: req.params.id });
  });

  app.use((error, req, res, next) => {
    console.error(error);
    res.status(500).json({ message: 'internal error' });
  });

  app.listen(process.env.PORT);
}

main();
