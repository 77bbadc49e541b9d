import { Option } from 'commander';
import type { Define } from '../program.ts';
import { brief, table, when } from '../style.ts';

export const tokens: Define = (program, { run, example }) => {
  const group = program
    .command('tokens')
    .description('who may use the server: list, create, revoke')
    .action(
      run(async (session) => {
        const found = await (await session.client()).call('listTokens', {});
        session.answer(found, () =>
          table(
            ['token', 'name', 'role', 'made', 'revoked'],
            found.map(({ id, name, role, createdAt, revokedAt }) => [
              id,
              brief(name, 40),
              role,
              when(createdAt),
              revokedAt === null ? '-' : when(revokedAt),
            ]),
            'No tokens: `vouch serve` makes the first',
          ),
        );
      }),
    );
  example(group, 'vouch tokens');

  const create = group
    .command('create <name>')
    .description('make a token, and show it this once')
    .addOption(
      new Option('--role <role>', 'viewer: look · maintainer: push, fix, decide · admin: tokens, destroy')
        .choices(['viewer', 'maintainer', 'admin'])
        .default('maintainer'),
    )
    .action(
      run(async (session, name: string, { role }: { role: 'viewer' | 'maintainer' | 'admin' }) => {
        const token = await (await session.client()).call('createToken', { body: { name, role } });
        session.answer(token, () => `${token.token}\n(${token.role}, ${token.id}; shown this once)`);
      }),
    );
  example(create, 'vouch tokens create ada', 'vouch tokens create dashboard --role viewer');

  const revoke = group
    .command('revoke <id>')
    .description('end a token and the sessions made with it')
    .action(
      run(async (session, id: string) => {
        await (await session.client()).call('revokeToken', { params: { token: id } });
        session.answer({ token: id, revoked: true }, () => `Revoked ${id}`);
      }),
    );
  example(revoke, 'vouch tokens revoke tok_1x2y3z');
};
