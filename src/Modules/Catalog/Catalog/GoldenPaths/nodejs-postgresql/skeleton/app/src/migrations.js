import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

// Any constant that all replicas share.
const LOCK_KEY = 7_403_211;

export async function readMigrations(folder) {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

// All of them in one transaction under one lock: replicas that start together apply each file once, and a failure leaves nothing behind.
export async function migrate(pool, migrations, log) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name       text PRIMARY KEY,
      checksum   text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now())`);

    const { rows } = await client.query('SELECT name, checksum FROM schema_migrations');
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    for (const { name, sql, checksum } of migrations) {
      if (applied.get(name) === checksum) continue;
      if (applied.has(name)) throw new Error(`Migration ${name} was changed after it was applied. Add a new file instead.`);
      await client.query(sql);
      await client.query('INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)', [name, checksum]);
      log.info({ migration: name }, 'migration applied');
    }

    await client.query('COMMIT');
    client.release();
  } catch (error) {
    // Dropping the connection rolls back, also when the connection itself is what failed.
    client.release(error);
    throw error;
  }
}
