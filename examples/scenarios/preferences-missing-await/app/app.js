const express = require('express');
const store = require('./store');
const log = require('./log');

const app = express();
app.use(express.json());

function unknown(res, what) {
  return res.status(404).json({ error: { code: 'not_found', message: `unknown ${what}` } });
}

app.get('/users/:name', async (req, res) => {
  const user = await store.user(req.params.name);
  if (!user) return unknown(res, 'user');
  res.json({ name: user.name, email: user.email });
});

app.get('/users/:name/preferences', async (req, res) => {
  const user = await store.user(req.params.name);
  if (!user) return unknown(res, 'user');
  const preferences = await store.preferences(user.id);
  res.json({ language: preferences.language, channels: preferences.channels });
});

app.put('/users/:name/preferences', async (req, res) => {
  const user = await store.user(req.params.name);
  if (!user) return unknown(res, 'user');
  const saved = await store.savePreferences(user.id, req.body.language, req.body.channels);
  res.json({ language: saved.language, channels: saved.channels });
});

app.post('/users/:name/notify', async (req, res) => {
  const user = await store.user(req.params.name);
  if (!user) return unknown(res, 'user');
  const preferences = store.preferences(user.id);
  const deliveries = preferences.channels.map((channel) => ({ channel, to: channel === 'email' ? user.email : user.name }));
  log.info('notify', { user: user.name, deliveries: deliveries.length });
  res.status(202).json({ text: req.body.text, deliveries });
});

app.use((error, req, res, next) => {
  log.error('request failed', { path: req.path, err: { message: error.message, stack: error.stack } });
  res.status(500).json({ error: { code: 'internal', message: 'something went wrong' } });
});

app.listen(process.env.PORT, () => log.info('listening', { port: process.env.PORT }));
