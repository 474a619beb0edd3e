import { ContinueAsNew, TemporalFailure, isCancellation, proxySinks } from '@temporalio/workflow';

const { metrics } = proxySinks();

// Tells the worker outside the sandbox when a workflow begins and how it ends.
export const interceptors = () => ({
  inbound: [
    {
      async execute(input, next) {
        metrics.started();
        try {
          const result = await next(input);
          metrics.closed('completed');
          return result;
        } catch (error) {
          const outcome = outcomeOf(error);
          if (outcome) metrics.closed(outcome);
          throw error;
        }
      },
    },
  ],
});

// Any other error is a bug: it fails the task, which is tried again, and the workflow goes on once a mended worker is deployed.
function outcomeOf(error) {
  if (error instanceof ContinueAsNew) return 'continued';
  if (isCancellation(error)) return 'canceled';
  return error instanceof TemporalFailure ? 'failed' : undefined;
}
