import { setTimeout as delay } from 'node:timers/promises';

// A new database may answer a little after the service starts. Delays double up to a ceiling, with jitter, so that many replicas
// that start together do not knock together.
export async function retry(action, { attempts = 30, firstDelayMs = 100, maxDelayMs = 5_000, signal, onRetry = () => {} } = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt >= attempts || signal?.aborted) throw error;
      const ceiling = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
      const delayMs = Math.round(ceiling * (0.5 + Math.random() / 2));
      onRetry(error, { attempt, delayMs });
      await delay(delayMs, undefined, { signal });
    }
  }
}
