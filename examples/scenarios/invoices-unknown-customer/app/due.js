export function dueLabel({ paid, due_in_days: days }) {
  if (paid) return 'paid';
  if (days < 0) return 'overdue';
  return days === 0 ? 'due today' : `due in ${days} days`;
}
