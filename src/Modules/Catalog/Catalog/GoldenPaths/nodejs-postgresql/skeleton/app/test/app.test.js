import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import pino from 'pino';
import { createApp } from '../src/app.js';
import { createMetrics } from '../src/metrics.js';

const silent = pino({ level: 'silent' });

function inMemoryVisits() {
  const rows = [];
  return {
    async record(userAgent) {
      rows.push({ id: rows.length + 1, user_agent: userAgent });
      return { visits: rows.length, row: rows.at(-1) };
    },
  };
}

async function serve(t, overrides = {}) {
  const server = createApp({
    service: 'orders',
    visits: inMemoryVisits(),
    isReady: async () => true,
    metrics: createMetrics(),
    log: silent,
    ...overrides,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
}

test('each visit is recorded and counted', async (t) => {
  const get = await serve(t);
  await get('/');
  const response = await get('/', { headers: { 'user-agent': 'test' } });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { service: 'orders', visits: 2, row: { id: 2, user_agent: 'test' } });
});

test('the process is alive while its database is not', async (t) => {
  const get = await serve(t, { isReady: async () => false });
  assert.equal((await get('/healthz')).status, 200);
  assert.equal((await get('/readyz')).status, 503);
});

test('a failure says nothing about its cause to the caller', async (t) => {
  const get = await serve(t, { visits: { record: () => Promise.reject(new Error('password of app is wrong')) } });
  const response = await get('/');
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes('password'));
});

test('requests are counted and timed by route, unknown paths under one label', async (t) => {
  const get = await serve(t);
  await (await get('/')).text();
  await (await get('/a/path/of/a/scanner')).text();
  const text = await (await get('/metrics')).text();
  assert.match(text, /http_requests_total\{method="GET",route="\/",status="200"\} 1/);
  assert.match(text, /http_requests_total\{method="GET",route="unknown",status="404"\} 1/);
  assert.match(text, /http_request_duration_seconds_bucket\{le="0.005",method="GET",route="\/",status="200"\}/);
  assert.match(text, /process_cpu_seconds_total/);
});

test('only reading is allowed', async (t) => {
  const get = await serve(t);
  const response = await get('/', { method: 'POST' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, HEAD');
});
