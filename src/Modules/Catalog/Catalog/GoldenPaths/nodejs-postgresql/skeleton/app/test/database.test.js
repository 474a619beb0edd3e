import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { readConfig } from '../src/config.js';
import { openPool } from '../src/database.js';
import { migrate, readMigrations } from '../src/migrations.js';
import { openVisits } from '../src/visits.js';

// CI gives a PostgreSQL; on a laptop set DATABASE_HOST and its companions. Each run works in a schema of its own.
const options = process.env.DATABASE_HOST ? {} : { skip: 'DATABASE_HOST is not set' };
const log = pino({ level: 'silent' });
const schema = `test_${process.pid}`;
let pool;
let migrations;

before(async () => {
  if (options.skip) return;
  pool = openPool({ ...readConfig(process.env).database, options: `-c search_path=${schema}` }, { applicationName: 'test', log });
  migrations = await readMigrations(fileURLToPath(new URL('../migrations', import.meta.url)));
  await pool.query(`CREATE SCHEMA ${schema}`);
});

after(async () => {
  await pool?.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool?.end();
});

test('replicas that start together apply each migration once', options, async () => {
  await Promise.all([1, 2, 3].map(() => migrate(pool, migrations, log)));
  const { rows } = await pool.query('SELECT count(*)::int AS applied FROM schema_migrations');
  assert.equal(rows[0].applied, migrations.length);
});

test('a migration that fails leaves nothing behind', options, async () => {
  const broken = { name: '9999_broken.sql', checksum: 'x', sql: 'CREATE TABLE half (id int); SELECT no_such_column' };
  await assert.rejects(migrate(pool, [...migrations, broken], log), /no_such_column/);
  const { rows } = await pool.query("SELECT to_regclass('half') AS half");
  assert.equal(rows[0].half, null);
});

test('a migration that was changed after it ran is refused by name', options, async () => {
  const changed = migrations.map((migration) => ({ ...migration, checksum: 'other' }));
  await assert.rejects(migrate(pool, changed, log), /0001_init\.sql was changed/);
});

test('visits are stored and counted', options, async () => {
  const visits = openVisits(pool);
  const first = await visits.record('one');
  const second = await visits.record('two');
  assert.equal(second.visits, first.visits + 1);
  assert.equal(second.row.user_agent, 'two');
});
