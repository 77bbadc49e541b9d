/** In cents. */
export function subtotalOf(items) {
  return items.reduce((sum, item) => sum + item.price * item.quantity, 0);
}

/** What a percentage off is worth, in whole cents. */
export function percentOf(amount, percent) {
  return Math.round((amount * percent) / 100);
}
