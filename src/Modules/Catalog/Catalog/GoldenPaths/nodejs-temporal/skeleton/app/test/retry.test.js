import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '../src/retry.js';

test('a server that answers at the third try is used', async () => {
  let tries = 0;
  const answer = await retry(async () => (++tries < 3 ? Promise.reject(new Error('refused')) : 'open'), { firstDelayMs: 1, maxDelayMs: 2 });
  assert.equal(answer, 'open');
  assert.equal(tries, 3);
});

test('a stop ends the waiting at once', async () => {
  const stopping = new AbortController();
  const waiting = retry(() => Promise.reject(new Error('refused')), {
    firstDelayMs: 60_000,
    maxDelayMs: 60_000,
    signal: stopping.signal,
    onRetry: () => stopping.abort(),
  });
  await assert.rejects(waiting, { name: 'AbortError' });
});
