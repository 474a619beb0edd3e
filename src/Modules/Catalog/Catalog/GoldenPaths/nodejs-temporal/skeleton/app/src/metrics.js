import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const LABELS = ['method', 'route', 'status'];

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests answered.',
    labelNames: LABELS,
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: LABELS,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });

  const workflowsStarted = new Counter({
    name: 'workflows_started_total',
    help: 'Workflows that began at this worker.',
    labelNames: ['workflow'],
    registers: [registry],
  });
  const workflowsClosed = new Counter({
    name: 'workflows_closed_total',
    help: 'Workflows that ended at this worker, by how.',
    labelNames: ['workflow', 'outcome'],
    registers: [registry],
  });
  const activityAttempts = new Counter({
    name: 'activity_attempts_total',
    help: 'Attempts of activities at this worker, by how they ended.',
    labelNames: ['activity', 'outcome'],
    registers: [registry],
  });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe(labels, seconds) {
      requests.inc(labels);
      duration.observe(labels, seconds);
    },
    workflowStarted: (workflow) => workflowsStarted.inc({ workflow }),
    workflowClosed: (workflow, outcome) => workflowsClosed.inc({ workflow, outcome }),
    activityAttempted: (activity, outcome) => activityAttempts.inc({ activity, outcome }),
  };
}
