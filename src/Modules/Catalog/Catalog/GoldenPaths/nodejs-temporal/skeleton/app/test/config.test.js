import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config.js';

const complete = {
  SERVICE_NAME: 'orders',
  TEMPORAL_ADDRESS: 'temporal.internal:7233',
  TEMPORAL_NAMESPACE: 'orders-x1',
  TEMPORAL_API_KEY: 'secret',
  TEMPORAL_TLS: 'true',
  TEMPORAL_TASK_QUEUE: 'quick',
};

test('Temporal comes from the environment', () => {
  const { temporal } = readConfig(complete);
  assert.deepEqual(temporal, { address: 'temporal.internal:7233', namespace: 'orders-x1', taskQueue: 'quick', apiKey: 'secret', tls: true });
});

test('a server on a laptop needs its address and namespace alone', () => {
  const { temporal } = readConfig({ SERVICE_NAME: 'orders', TEMPORAL_ADDRESS: 'localhost:7233', TEMPORAL_NAMESPACE: 'default' });
  assert.deepEqual(temporal, { address: 'localhost:7233', namespace: 'default', taskQueue: 'orders', apiKey: undefined, tls: false });
});

test('the port is 8080 unless the platform gives another', () => {
  assert.equal(readConfig(complete).port, 8080);
  assert.equal(readConfig({ ...complete, PORT: '3000' }).port, 3000);
});

test('everything that is missing or wrong is named at once', () => {
  assert.throws(() => readConfig({ PORT: 'http' }), /PORT is 'http'.*TEMPORAL_ADDRESS is not set.*TEMPORAL_NAMESPACE is not set/);
  assert.throws(
    () => readConfig({ ...complete, TEMPORAL_ADDRESS: 'https://temporal.internal', TEMPORAL_TLS: 'yes' }),
    /TEMPORAL_ADDRESS is 'https:\/\/temporal.internal', which is not HOST:PORT.*TEMPORAL_TLS is 'yes'/,
  );
});

test('no message carries the token', () => {
  assert.throws(
    () => readConfig({ ...complete, TEMPORAL_ADDRESS: '' }),
    (error) => !error.message.includes('secret'),
  );
});
