import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_NAME, composeGreeting } from '../src/activities.js';

test('a greeting has the name', async () => {
  assert.equal(await composeGreeting('Ada'), 'Hello, Ada!');
});

test('a name that no later attempt can mend is not tried again', async () => {
  await assert.rejects(composeGreeting('x'.repeat(MAX_NAME + 1)), { nonRetryable: true, type: 'InvalidName' });
  await assert.rejects(composeGreeting(undefined), { nonRetryable: true, type: 'InvalidName' });
});
