import { once } from 'node:events';
import pino from 'pino';
import { createApp } from './app.js';
import { readConfig } from './config.js';
import { openGreetings } from './greetings.js';
import { createMetrics } from './metrics.js';
import { retry } from './retry.js';
import { bundleWorkflows, installRuntime, openTemporal } from './temporal.js';

const DRAIN_TIMEOUT_MS = 10_000;

const log = pino({ level: process.env.LOG_LEVEL || 'info', base: { service: process.env.SERVICE_NAME || '${{ values.name }}' } });

async function main() {
  const config = readConfig(process.env);
  const metrics = createMetrics();
  const stopping = new AbortController();
  let temporal;
  let greetings;

  const server = createApp({
    service: config.service,
    greet: (name) => greetings.greet(name),
    metrics,
    log,
    isReady: () => !stopping.signal.aborted && temporal?.worker.getState() === 'RUNNING',
  });

  // The port opens first: the process is alive while it waits for Temporal, only not ready.
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

  installRuntime(log);
  try {
    const workflowBundle = await bundleWorkflows(log);
    temporal = await retry(() => openTemporal(config.temporal, { workflowBundle, metrics }), {
      signal: stopping.signal,
      onRetry: (error, { attempt, delayMs }) => log.warn({ err: error, attempt, delayMs }, 'Temporal does not answer yet'),
    });
    greetings = openGreetings(temporal.client, config.temporal);
    // Ends when it is told to; an error that the worker cannot survive ends the service.
    await temporal.worker.runUntil(async () => {
      log.info('ready');
      if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
    });
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    if (error.name !== 'AbortError') log.warn({ err: error }, 'not everything could end');
  }

  await drain(server);
  await temporal?.close();
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
