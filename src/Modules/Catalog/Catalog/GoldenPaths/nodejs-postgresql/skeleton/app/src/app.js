import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createApp({ service, visits, isReady, metrics, log }) {
  const routes = {
    '/': async (request) => {
      const { visits: count, row } = await visits.record(request.headers['user-agent']);
      return json(200, { service, visits: count, row });
    },
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => ((await isReady()) ? json(200, { status: 'ready' }) : json(503, { status: 'not ready' })),
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
