/** What the weather service says about a city; null for one that it does not know. */
export async function fetchWeather(city) {
  const answer = await fetch(`${process.env.WEATHER_URL}/v1/cities/${city}`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`weather service answered ${answer.status}`);
  const { name, celsius, sky } = await answer.json();
  return { city: name, celsius, sky };
}
