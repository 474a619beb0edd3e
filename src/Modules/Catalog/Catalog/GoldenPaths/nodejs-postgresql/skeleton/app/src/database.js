import pg from 'pg';

const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 10;

export function openPool(database, { applicationName, log }) {
  const pool = new pg.Pool({
    ...database,
    application_name: applicationName,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });

  // An idle connection that the server closes is replaced by the pool. Without a listener the event would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection failed'));
  return pool;
}

export const ping = (pool) => pool.query('SELECT 1');
