import { createApp } from './src/app.js';
import { createDatabase } from './src/database.js';
import { createRates } from './src/rates.js';

const app = createApp({
  db: createDatabase(process.env.DATABASE_URL),
  rates: createRates(process.env.RATES_URL),
});

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`shop: listening on ${server.address().port}`);
});

process.on('SIGTERM', () => server.close(() => process.exit(0)));
