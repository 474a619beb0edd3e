import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config.js';

const complete = {
  DATABASE_HOST: 'db.internal',
  DATABASE_PORT: '6543',
  DATABASE_USER: 'app',
  DATABASE_PASSWORD: 'secret',
  DATABASE_NAME: 'orders',
};

test('the database comes from the environment', () => {
  const { database } = readConfig(complete);
  assert.deepEqual(database, { host: 'db.internal', port: 6543, user: 'app', password: 'secret', database: 'orders', ssl: false });
});

test('the port is 8080 unless the platform gives another', () => {
  assert.equal(readConfig(complete).port, 8080);
  assert.equal(readConfig({ ...complete, PORT: '3000' }).port, 3000);
});

test('everything that is missing or wrong is named at once', () => {
  assert.throws(() => readConfig({ PORT: 'http' }), /DATABASE_HOST is not set.*DATABASE_NAME is not set/);
  assert.throws(() => readConfig({ ...complete, PORT: '70000' }), /PORT is '70000'/);
});

test('no message carries the password', () => {
  assert.throws(
    () => readConfig({ ...complete, DATABASE_HOST: '' }),
    (error) => !error.message.includes('secret'),
  );
});
