import type { IncidentDetail } from '../../server/views.ts';
import { brief, facts, paint, paintVerdict, plain, table, when } from '../style.ts';

const MAX_FRAMES = 12;

export function showIncident(incident: IncidentDetail): string {
  const newest = incident.occurrenceList[0];
  const { failing } = incident;
  return [
    paint('bold', plain(incident.title)),
    facts([
      ['incident', incident.id],
      ['app', `${incident.app}, release ${incident.release}`],
      ['status', incident.status],
      [
        'seen',
        `${incident.occurrences}×, first ${when(incident.firstSeen / 1000)}, last ${when(incident.lastSeen / 1000)}`,
      ],
      ['culprit', plain(incident.culprit ?? '-')],
      ['recording', incident.recording ?? '- (nothing was recorded)'],
    ]),
    ...(newest ? ['', paint('bold', 'Stack'), ...stackLines(newest.error.frames)] : []),
    ...(failing
      ? [
          '',
          paint('bold', 'Request'),
          `${brief(failing.summary, 120)}  (${failing.id}, confidence ${(incident.confidence ?? 0).toFixed(2)})`,
        ]
      : []),
    ...incident.confidenceWhy.map((line) => `  ${plain(line)}`),
    ...(failing
      ? [
          '',
          paint('bold', 'Calls that it made'),
          table(
            ['exchange', 'protocol', 'to', 'took', 'call'],
            incident.calls.map(({ id, protocol, destination, startedAt, endedAt, summary }) => [
              id,
              protocol,
              `${destination.host}:${destination.port}`,
              endedAt === null ? '-' : `${((endedAt - startedAt) / 1000).toFixed(1)} ms`,
              brief(summary, 80),
            ]),
            'none',
          ),
        ]
      : []),
    ...(incident.proposals.length > 0
      ? [
          '',
          paint('bold', 'Proposals'),
          table(
            ['proposal', 'verdict', 'engine', 'title'],
            incident.proposals.map(({ id, verdict, engine, title }) => [
              id,
              paintVerdict(verdict),
              engine,
              brief(title, 70),
            ]),
            '',
          ),
        ]
      : ['', `No proposals yet: vouch fix ${incident.id}`]),
  ].join('\n');
}

type Frames = IncidentDetail['occurrenceList'][number]['error']['frames'];

function stackLines(frames: Frames): string[] {
  const lines = frames.slice(0, MAX_FRAMES).map((frame) => {
    const place = [frame.file, frame.line, frame.column].filter((part) => part !== null).join(':');
    const line = `  at ${plain(frame.function ?? '<anonymous>')} (${plain(place)})`;
    return frame.inApp ? line : paint('dim', line);
  });
  return frames.length > MAX_FRAMES ? [...lines, `  … ${frames.length - MAX_FRAMES} more`] : lines;
}
