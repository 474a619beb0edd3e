// Workflow code is replayed from its history, so it must come to the same decisions each time: no clock, no chance and no I/O of its own.
// The SDK bundles this folder for its sandbox, so it imports nothing but @temporalio/workflow and files beside it.
import { proxyActivities } from '@temporalio/workflow';

const { composeGreeting } = proxyActivities({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds', maximumAttempts: 10 },
});

export async function greeting(name) {
  return await composeGreeting(name);
}
