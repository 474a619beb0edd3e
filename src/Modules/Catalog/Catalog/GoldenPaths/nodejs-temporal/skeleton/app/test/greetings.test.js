import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '@temporalio/client';
import { openGreetings } from '../src/greetings.js';

const DEADLINE_EXCEEDED = 4;
const grpcError = (code) =>
  new ServiceError('no result', { cause: Object.assign(new Error('status'), { code, details: '', metadata: {} }) });

function clientWith(result) {
  const started = [];
  return {
    started,
    withDeadline: (_, action) => action(),
    workflow: {
      async start(type, options) {
        started.push({ type, ...options });
        return { workflowId: options.workflowId, result };
      },
    },
  };
}

test('a workflow of its own is started at the task queue, and its result returned', async () => {
  const client = clientWith(async () => 'Hello, Ada!');
  const greetings = openGreetings(client, { taskQueue: 'orders' });
  const first = await greetings.greet('Ada');
  const second = await greetings.greet('Ada');
  assert.deepEqual(first, { workflowId: client.started[0].workflowId, done: true, result: 'Hello, Ada!' });
  assert.notEqual(first.workflowId, second.workflowId);
  const { type, taskQueue, args, typedSearchAttributes } = client.started[0];
  assert.deepEqual({ type, taskQueue, args }, { type: 'greeting', taskQueue: 'orders', args: ['Ada'] });
  assert.equal(typedSearchAttributes[0].value, 'Ada');
});

test('a workflow that takes long leaves its id', async () => {
  const client = clientWith(() => Promise.reject(grpcError(DEADLINE_EXCEEDED)));
  const answer = await openGreetings(client, { taskQueue: 'orders' }).greet('Ada');
  assert.deepEqual(answer, { workflowId: client.started[0].workflowId, done: false });
});

test('any other failure is the caller\'s to see', async () => {
  const client = clientWith(() => Promise.reject(grpcError(7)));
  await assert.rejects(openGreetings(client, { taskQueue: 'orders' }).greet('Ada'), ServiceError);
});
