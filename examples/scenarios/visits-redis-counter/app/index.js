const express = require('express');
const { createClient } = require('redis');
const { createPages } = require('./lib/pages');

async function main() {
  const redis = createClient({ url: process.env.REDIS_URL });
  redis.on('error', (error) => console.error('redis', error.message));
  await redis.connect();
  const pages = createPages(redis);
  const app = express();
  app.use(express.json());

  app.put('/pages/:id', async (req, res) => {
    const { title, labels } = req.body;
    if (typeof title !== 'string') return res.status(400).json({ message: 'title is required' });
    await pages.save(req.params.id, { title, labels });
    res.status(201).json({ id: req.params.id });
  });

  app.get('/pages/:id/visits', async (req, res) => {
    res.json({ id: req.params.id, visits: await pages.visits(req.params.id) });
  });

  app.post('/pages/:id/visits', async (req, res) => {
    const page = await pages.load(req.params.id);
    if (page === null) return res.status(404).json({ message: 'page does not exist' });
    const labels = page.labels.join(',');
    const visits = await pages.count(req.params.id);
    res.status(201).json({ id: req.params.id, labels, visits });
  });

  app.use((error, req, res, next) => {
    console.error(error);
    res.status(500).json({ message: 'internal error' });
  });

  app.listen(process.env.PORT);
}

main();
