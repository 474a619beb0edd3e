import { randomUUID } from 'node:crypto';
import { isGrpcDeadlineError } from '@temporalio/client';

const START_TIMEOUT_MS = 5_000;

// The claim declares it, so that workflows can be found by it.
const SEARCH_ATTRIBUTE = { name: '${{ values.searchAttribute }}', type: 'KEYWORD' };

export function openGreetings(client, { taskQueue, waitMs = 5_000 }) {
  return {
    // The workflow's result, or only its id when it takes longer than a caller should wait: it goes on all the same.
    async greet(name) {
      const options = {
        taskQueue,
        workflowId: `greeting-${randomUUID()}`,
        args: [name],
        typedSearchAttributes: [{ key: SEARCH_ATTRIBUTE, value: name }],
      };
      const handle = await client.withDeadline(Date.now() + START_TIMEOUT_MS, () => client.workflow.start('greeting', options));
      try {
        const result = await client.withDeadline(Date.now() + waitMs, () => handle.result());
        return { workflowId: handle.workflowId, done: true, result };
      } catch (error) {
        if (isGrpcDeadlineError(error)) return { workflowId: handle.workflowId, done: false };
        throw error;
      }
    },
  };
}
