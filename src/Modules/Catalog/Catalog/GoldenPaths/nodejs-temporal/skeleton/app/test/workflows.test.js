import assert from 'node:assert/strict';
import { test } from 'node:test';
import pino from 'pino';
import { bundleWorkflows } from '../src/temporal.js';

test('the workflows can be bundled for their sandbox', async () => {
  const { code } = await bundleWorkflows(pino({ level: 'silent' }));
  assert.match(code, /composeGreeting/);
  assert.match(code, /function outcomeOf/);
});
