/** Exchange rates from euro, asked of the rates service. `null` for a currency that it does not know. */
export function createRates(url) {
  return {
    async rate(currency) {
      if (currency === 'EUR') return 1;
      const answer = await fetch(`${url}/rates/${encodeURIComponent(currency)}`);
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(`rates service answered ${answer.status}`);
      return (await answer.json()).rate;
    },
  };
}
