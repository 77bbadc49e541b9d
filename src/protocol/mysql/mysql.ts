import { asBuffer } from '../bytes.ts';
import type { Protocol } from '../port.ts';
import { canonicalRequest, comparableResponse, summaryOfRequest } from './canonical.ts';
import { mysqlDecoder } from './decode.ts';
import { COMMAND } from './flags.ts';
import { isLogin, PROTOCOL_VERSION } from './handshake.ts';
import { isHousekeeping, writesSql } from './meaning.ts';
import { myFactsSchema, myRequestSchema } from './messages.ts';
import { serveMysql } from './serve.ts';

const MAX_STATEMENTS = 2000;
/** What a connection that was joined later may go on with. */
const USUAL: ReadonlySet<number> = new Set([
  COMMAND.query,
  COMMAND.prepare,
  COMMAND.execute,
  COMMAND.ping,
  COMMAND.initDb,
  COMMAND.resetConnection,
  COMMAND.closeStatement,
]);

/** The protocol of MySQL and MariaDB (MySQL documentation, "Client/Server Protocol"). Shapes in `messages.ts`. */
export const mysql: Protocol = {
  name: 'mysql',
  recognise({ client, server, port }) {
    const [asked, said] = [asBuffer(client), asBuffer(server)];
    if (isLogin(asked)) return 1;
    // The server speaks first: its version is text, up to a zero byte.
    const greets = said.length > 6 && said[3] === 0 && said[4] === PROTOCOL_VERSION && said.indexOf(0, 5) > 6;
    if (greets && said.readUIntLE(0, 3) < 1024) return asked.length < 36 ? 0.9 : 0;
    if (asked.length < 5 || asked[3] !== 0 || !USUAL.has(asked[4]!)) return 0;
    const length = asked.readUIntLE(0, 3);
    const whole = length + 4 === asked.length || (length + 4 < asked.length && asked[length + 7] === 0);
    const text = asked[4] !== COMMAND.query || /^[\s\w(/#-]/.test(asked.toString('latin1', 5, 6));
    if (length === 0 || !text || !whole) return 0;
    return port === 3306 ? 0.9 : 0.7;
  },
  decoder: mysqlDecoder,
  /** Each connection prepares only the statements that it uses. */
  mergeFacts(older, newer) {
    const [a, b] = [older, newer].map((facts) => myFactsSchema.nullable().safeParse(facts).data ?? null);
    if (!a || !b) return newer ?? older;
    const statements = new Map(a.statements.map((statement) => [statement.sql, statement]));
    for (const statement of b.statements) {
      const known = statements.get(statement.sql);
      const described = statement.refused && known && known.params.length > 0 ? known : statement;
      statements.set(statement.sql, { ...described, refused: statement.refused || known?.refused === true });
    }
    return {
      ...(b.serverVersion === null ? a : b),
      refused: b.refused,
      authentication: b.authentication ?? a.authentication,
      variables: { ...a.variables, ...b.variables },
      statements: [...statements.values()].slice(-MAX_STATEMENTS),
    };
  },
  canonical: canonicalRequest,
  writes(request) {
    const { sql, prepareOnly } = myRequestSchema.parse(request);
    return prepareOnly ? false : writesSql(sql);
  },
  comparable: comparableResponse,
  summary: (request) => summaryOfRequest(myRequestSchema.parse(request)),
  housekeeping: (request) => isHousekeeping(myRequestSchema.parse(request).sql),
  serve: serveMysql,
};
