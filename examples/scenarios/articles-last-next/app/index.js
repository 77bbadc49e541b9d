import Koa from 'koa';
import pg from 'pg';

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });

const link = (article) => ({ slug: article.slug, title: article.title });

async function articles() {
  const { rows } = await db.query('SELECT slug, title, body FROM articles ORDER BY position');
  return rows;
}

async function show(slug) {
  const all = await articles();
  const index = all.findIndex((article) => article.slug === slug);
  if (index === -1) return null;
  return {
    ...all[index],
    previous: index > 0 ? link(all[index - 1]) : null,
    next: index <= all.length - 1 ? link(all[index + 1]) : null,
  };
}

async function list(page) {
  const all = await articles();
  const pages = Math.ceil(all.length / 2);
  if (page < 1 || page > pages) return null;
  return { page, pages, articles: all.slice((page - 1) * 2, page * 2).map(link) };
}

const app = new Koa();

app.use(async (ctx) => {
  const [, kind, slug] = ctx.path.split('/');
  let found = null;
  if (kind === 'articles' && slug) found = await show(slug);
  else if (kind === 'articles') found = await list(Number(ctx.query.page ?? 1));
  if (found) ctx.body = found;
  else {
    ctx.status = 404;
    ctx.body = { error: 'not found' };
  }
});

app.listen(process.env.PORT);
