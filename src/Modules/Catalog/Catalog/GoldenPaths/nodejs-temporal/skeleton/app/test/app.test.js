import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import pino from 'pino';
import { createApp } from '../src/app.js';
import { createMetrics } from '../src/metrics.js';

const silent = pino({ level: 'silent' });

async function serve(t, overrides = {}) {
  const server = createApp({
    service: 'orders',
    greet: async (name) => ({ workflowId: 'greeting-1', done: true, result: `Hello, ${name}!` }),
    isReady: () => true,
    metrics: createMetrics(),
    log: silent,
    ...overrides,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
}

test('the workflow is given the name, and its result answered', async (t) => {
  const get = await serve(t);
  assert.deepEqual(await (await get('/')).json(), { service: 'orders', workflowId: 'greeting-1', result: 'Hello, world!' });
  assert.equal((await (await get('/?name=Ada%20L')).json()).result, 'Hello, Ada L!');
});

test('a workflow that takes long is answered by its id', async (t) => {
  const get = await serve(t, { greet: async () => ({ workflowId: 'greeting-1', done: false }) });
  const response = await get('/');
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { service: 'orders', workflowId: 'greeting-1', status: 'running' });
});

test('a name that is too long starts nothing', async (t) => {
  const get = await serve(t, { greet: () => assert.fail('started') });
  assert.equal((await get(`/?name=${'x'.repeat(101)}`)).status, 400);
});

test('the process is alive while its worker does not poll, and starts nothing', async (t) => {
  const get = await serve(t, { isReady: () => false, greet: () => assert.fail('started') });
  assert.equal((await get('/healthz')).status, 200);
  assert.equal((await get('/readyz')).status, 503);
  assert.equal((await get('/')).status, 503);
});

test('a failure says nothing about its cause to the caller', async (t) => {
  const get = await serve(t, { greet: () => Promise.reject(new Error('token of app is wrong')) });
  const response = await get('/');
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes('token'));
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

test('workflows and attempts of activities are counted by how they end', async () => {
  const metrics = createMetrics();
  metrics.workflowStarted('greeting');
  metrics.workflowClosed('greeting', 'completed');
  metrics.activityAttempted('composeGreeting', 'failed');
  const text = await metrics.text();
  assert.match(text, /workflows_started_total\{workflow="greeting"\} 1/);
  assert.match(text, /workflows_closed_total\{workflow="greeting",outcome="completed"\} 1/);
  assert.match(text, /activity_attempts_total\{activity="composeGreeting",outcome="failed"\} 1/);
});

test('only reading is allowed', async (t) => {
  const get = await serve(t);
  const response = await get('/', { method: 'POST' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, HEAD');
});
