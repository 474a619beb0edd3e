import { fileURLToPath } from 'node:url';
import { CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode, makeTelemetryFilterString } from '@temporalio/worker';
import * as activities from './activities.js';

const CONNECT_TIMEOUT_MS = 5_000;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

// The SDK logs as the service does, from a level on.
const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' };
const sdkLogger = (log, level) =>
  new DefaultLogger(level, ({ level, message, meta }) => {
    // Kept apart: the SDK's fields must not take the place of the line's own.
    log[LEVELS[level]]({ temporal: meta && { ...meta, error: meta.error?.stack ?? meta.error } }, message);
  });

// Once in a process. Signals are left to the service, and the SDK's native part logs as its other parts do.
export const installRuntime = (log) =>
  Runtime.install({
    logger: sdkLogger(log, 'INFO'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} } },
    shutdownSignals: [],
  });

// In memory: the service's file system is read only.
export const bundleWorkflows = (log) =>
  bundleWorkflowCode({
    workflowsPath: file('./workflows/index.js'),
    workflowInterceptorModules: [file('./workflows/interceptors.js')],
    logger: sdkLogger(log, 'WARN'),
  });

// A worker that is ready to run, and a client. What fails on the way leaves no connection open.
export async function openTemporal({ address, namespace, taskQueue, apiKey, tls }, { workflowBundle, metrics }) {
  const native = await NativeConnection.connect({ address, apiKey, tls });
  let connection;
  try {
    connection = await Connection.connect({ address, apiKey, tls, connectTimeout: CONNECT_TIMEOUT_MS });
    const worker = await Worker.create({
      connection: native,
      namespace,
      taskQueue,
      workflowBundle,
      activities: { composeGreeting: activities.composeGreeting },
      sinks: sinksOf(metrics),
      interceptors: { activity: [countAttempts(metrics)] },
      // Activities under way have this long to end; what is left is tried again by another replica.
      shutdownGraceTime: '4 seconds',
      shutdownForceTime: '6 seconds',
    });
    return {
      worker,
      client: new Client({ connection, namespace }),
      async close() {
        await connection.close();
        await native.close();
      },
    };
  } catch (error) {
    await connection?.close();
    await native.close();
    throw error;
  }
}

const sinksOf = (metrics) => ({
  metrics: {
    started: { fn: ({ workflowType }) => metrics.workflowStarted(workflowType), callDuringReplay: false },
    closed: { fn: ({ workflowType }, outcome) => metrics.workflowClosed(workflowType, outcome), callDuringReplay: false },
  },
});

const countAttempts = (metrics) => ({ info }) => ({
  inbound: {
    async execute(input, next) {
      try {
        const result = await next(input);
        metrics.activityAttempted(info.activityType, 'completed');
        return result;
      } catch (error) {
        metrics.activityAttempted(info.activityType, outcomeOf(error));
        throw error;
      }
    },
  },
});

function outcomeOf(error) {
  if (error instanceof CancelledFailure) return 'canceled';
  return error instanceof CompleteAsyncError ? 'handed-over' : 'failed';
}
