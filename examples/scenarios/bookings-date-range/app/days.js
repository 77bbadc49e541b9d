/** Whether a text is a day of the calendar, `2026-01-31`. */
export function isDay(text) {
  return typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

export function day(date) {
  return date.toISOString().slice(0, 10);
}

export function nightsBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}
