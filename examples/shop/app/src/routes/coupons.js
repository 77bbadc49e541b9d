import { Router } from 'express';

export function couponRoutes({ db }) {
  const routes = Router();

  routes.get('/:code', async (req, res) => {
    const coupon = await db.coupon(req.params.code);
    if (!coupon) return res.status(404).json({ error: 'coupon not found' });
    res.json({ code: coupon.code, percent: coupon.percent });
  });

  return routes;
}
