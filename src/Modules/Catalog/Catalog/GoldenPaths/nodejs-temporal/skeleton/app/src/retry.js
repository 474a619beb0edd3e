import { setTimeout as delay } from 'node:timers/promises';

// A new namespace may answer a little after the service starts, and Temporal may be away for longer. Delays double up to a ceiling, with
// jitter, so that many replicas that start together do not knock together.
export async function retry(action, { firstDelayMs = 100, maxDelayMs = 5_000, signal, onRetry = () => {} } = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (signal?.aborted) throw error;
      const ceiling = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
      const delayMs = Math.round(ceiling * (0.5 + Math.random() / 2));
      onRetry(error, { attempt, delayMs });
      await delay(delayMs, undefined, { signal });
    }
  }
}
