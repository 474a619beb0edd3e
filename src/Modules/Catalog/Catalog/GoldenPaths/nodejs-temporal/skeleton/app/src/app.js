import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { MAX_NAME } from './activities.js';

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createApp({ service, greet, isReady, metrics, log }) {
  const routes = {
    '/': async (request) => {
      if (!isReady()) return json(503, { error: 'not ready' });
      const name = new URLSearchParams(request.url.split('?')[1]).get('name') || 'world';
      if (name.length > MAX_NAME) return json(400, { error: `name has ${name.length} characters; at most ${MAX_NAME} are taken` });
      const { workflowId, done, result } = await greet(name);
      return done ? json(200, { service, workflowId, result }) : json(202, { service, workflowId, status: 'running' });
    },
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => (isReady() ? json(200, { status: 'ready' }) : json(503, { status: 'not ready' })),
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }),
  };

  return createServer(async (request, response) => {
    const started = process.hrtime.bigint();
    const path = request.url.split('?', 1)[0];
    const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const requestId = randomUUID();

    response.once('close', () => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      // Only known values become labels: a caller must not be able to make new time series.
      const method = METHODS.has(request.method) ? request.method : 'other';
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.observe({ method, route: handler ? path : 'unknown', status }, seconds);
      log[PROBES.has(path) ? 'debug' : 'info']({ requestId, method, path, status, seconds }, 'request answered');
    });

    const answer = await answerTo(request, handler).catch((error) => {
      log.error({ err: error, requestId, path }, 'request failed');
      return json(500, { error: 'internal error', requestId });
    });
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      ...answer.headers,
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  });
}

async function answerTo(request, handler) {
  if (!handler) return json(404, { error: 'not found' });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...json(405, { error: 'method not allowed' }), headers: { allow: 'GET, HEAD' } };
  }
  return handler(request);
}

const json = (status, value) => ({ status, type: 'application/json', body: `${JSON.stringify(value)}\n` });
