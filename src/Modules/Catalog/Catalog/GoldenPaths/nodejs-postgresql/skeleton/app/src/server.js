import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { createApp } from './app.js';
import { readConfig } from './config.js';
import { openPool, ping } from './database.js';
import { createMetrics } from './metrics.js';
import { migrate, readMigrations } from './migrations.js';
import { retry } from './retry.js';
import { openVisits } from './visits.js';

const DRAIN_TIMEOUT_MS = 10_000;

const log = pino({ level: process.env.LOG_LEVEL || 'info', base: { service: process.env.SERVICE_NAME || '${{ values.name }}' } });

async function main() {
  const config = readConfig(process.env);
  const pool = openPool(config.database, { applicationName: config.service, log });
  const stopping = new AbortController();
  let migrated = false;

  const server = createApp({
    service: config.service,
    visits: openVisits(pool),
    metrics: createMetrics(),
    log,
    isReady: () =>
      migrated && !stopping.signal.aborted
        ? ping(pool).then(
            () => true,
            (error) => {
              log.warn({ err: error }, 'the database does not answer');
              return false;
            },
          )
        : false,
  });

  // The port opens first: the process is alive while it waits for its database, only not ready.
  server.listen(config.port, config.host);
  await once(server, 'listening');
  log.info({ port: server.address().port }, 'listening');

  for (const signal of ['SIGTERM', 'SIGINT']) {
    // Not only once: a second signal would then end the process at once.
    process.on(signal, () => {
      if (stopping.signal.aborted) return;
      log.info({ signal }, 'stopping');
      stopping.abort();
    });
  }

  try {
    await retry(() => ping(pool), {
      signal: stopping.signal,
      onRetry: (error, { attempt, delayMs }) => log.warn({ err: error, attempt, delayMs }, 'the database does not answer yet'),
    });
    await migrate(pool, await readMigrations(fileURLToPath(new URL('../migrations', import.meta.url))), log);
    migrated = true;
    log.info('ready');
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  }

  await drain(server);
  await pool.end();
  log.info('stopped');
}

// Requests under way are answered; a client that never ends is cut off.
async function drain(server) {
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS);
  server.close();
  await once(server, 'close');
  clearTimeout(deadline);
}

main().catch((error) => {
  log.fatal({ err: error }, 'the service cannot run');
  process.exit(1);
});
