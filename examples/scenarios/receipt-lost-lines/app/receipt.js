/** A receipt for an order with its `lines`. Amounts are in cents. */
function renderReceipt(order) {
  const lines = order.lines.map((line) => ({ sku: line.sku, amount: line.price * line.quantity }));
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  return { order: order.code, customer: order.customer, lines, total };
}

module.exports = { renderReceipt };
