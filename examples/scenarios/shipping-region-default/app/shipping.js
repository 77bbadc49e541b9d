const regions = require('./regions.json');

/** Percent. A region without an entry of its own is served on the terms of `default`. */
function taxOf(parcel) {
  const region = regions[parcel.region] ?? regions.default;
  return region.tax;
}

/** In cents of the region's currency. */
function priceOf(parcel) {
  const region = regions[parcel.region];
  const step = region.steps.find(({ upTo }) => parcel.grams <= upTo);
  return { price: step.price, currency: region.currency };
}

module.exports = { taxOf, priceOf };
