import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 6 });
const app = express();

async function one(text, ...values) {
  const { rows } = await pool.query(text, values);
  return rows[0];
}

const parcelBy = (code) => one('SELECT code, depot_id, weight FROM parcels WHERE code = $1', code);
const depotBy = (id) => one('SELECT id, city FROM depots WHERE id = $1', id);
const scanOf = (code) => one('SELECT place, hour FROM scans WHERE parcel = $1 ORDER BY hour DESC LIMIT 1', code);

app.get('/parcels/:code', async (req, res) => {
  const parcel = await parcelBy(req.params.code);
  if (!parcel) return res.status(404).json({ error: 'unknown parcel' });
  const depot = await depotBy(parcel.depot_id);
  res.json({ code: parcel.code, weight: parcel.weight, depot: depot.city });
});

app.get('/parcels/:code/scan', async (req, res) => {
  const parcel = await parcelBy(req.params.code);
  if (!parcel) return res.status(404).json({ error: 'unknown parcel' });
  const scan = await scanOf(parcel.code);
  if (!scan) return res.status(404).json({ error: 'not scanned yet' });
  res.json({ code: parcel.code, ...scan });
});

app.get('/parcels/:code/progress', async (req, res) => {
  const parcel = await parcelBy(req.params.code);
  if (!parcel) return res.status(404).json({ error: 'unknown parcel' });
  const [depot, scan] = await Promise.all([depotBy(parcel.depot_id), scanOf(parcel.code)]);
  res.json({ code: parcel.code, from: depot.city, seen: scan.place, hour: scan.hour });
});

app.use((error, req, res, next) => {
  console.error(`${req.path}:`, error);
  res.status(500).json({ error: 'internal error' });
});

app.listen(process.env.PORT);
