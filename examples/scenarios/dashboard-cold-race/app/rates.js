let table = null;
let loading = false;

/** Exchange rates are asked for once and kept. */
export async function rateOf(currency) {
  if (!table && !loading) {
    loading = true;
    table = await load();
  }
  return table.rates[currency];
}

async function load() {
  const answer = await fetch(`${process.env.RATES_URL}/latest`);
  if (!answer.ok) throw new Error(`rates service answered ${answer.status}`);
  return answer.json();
}
