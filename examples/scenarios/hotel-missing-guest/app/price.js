/** What a stay costs, in cents. Gold guests pay nothing for every seventh night. */
export function priceOf(rate, nights, tier) {
  const free = tier === 'gold' ? Math.floor(nights / 7) : 0;
  return Math.round(Number(rate) * 100) * (nights - free);
}
