// Workflows of the tests; the SDK bundles them into its sandbox.
import * as wf from '@temporalio/workflow';

const { greet, failTwice, slow } = wf.proxyActivities<{
  greet(name: string): Promise<string>;
  failTwice(): Promise<number>;
  slow(): Promise<string>;
}>({ startToCloseTimeout: '10s', heartbeatTimeout: '5s', retry: { initialInterval: '10ms' } });

const { local } = wf.proxyLocalActivities<{ local(): Promise<string> }>({ startToCloseTimeout: '5s' });

export const hear = wf.defineSignal<[string]>('hear');
export const heard = wf.defineQuery<string[]>('heard');
export const add = wf.defineUpdate<number, [number]>('add');
export const end = wf.defineSignal('end');

export async function hello(name: string): Promise<string> {
  return await greet(name);
}

export async function persistent(): Promise<number> {
  return await failTwice();
}

export async function listening(): Promise<string> {
  const words: string[] = [];
  let total = 0;
  let done = false;
  wf.setHandler(hear, (word) => void words.push(word));
  wf.setHandler(heard, () => words);
  wf.setHandler(add, (amount) => (total += amount), {
    validator: (amount) => {
      if (amount < 0) throw new Error('negative');
    },
  });
  wf.setHandler(end, () => void (done = true));
  await wf.condition(() => done);
  return `${words.join(',')} ${total}`;
}

export async function timed(): Promise<string> {
  const first = await Promise.race([wf.sleep('50ms').then(() => 'timer'), wf.condition(() => false).then(() => 'never')]);
  return `${first} ${await local()}`;
}

export async function cancellable(): Promise<string> {
  try {
    return await slow();
  } catch (e) {
    if (wf.isCancellation(e)) {
      return await wf.CancellationScope.nonCancellable(() => greet('cleaned up'));
    }
    throw e;
  }
}

export async function countdown(from: number): Promise<string> {
  return from === 0 ? 'zero' : await wf.continueAsNew<typeof countdown>(from - 1);
}

export async function patched(): Promise<boolean> {
  return wf.patched('a-change');
}

export async function approved(): Promise<string> {
  // No library is needed: the activity's name is free, and its queue is that of people.
  const { approval } = wf.proxyActivities<{ approval(request: object): Promise<{ decision: string; reason: string; by: string }> }>({
    taskQueue: 'flagstone-people',
    scheduleToCloseTimeout: '3 days',
  });
  const made = await approval({ title: 'Ship it?', assignees: ['role:administrator'], starterMayDecide: true, context: { amount: 12 } });
  return `${made.decision}: ${made.reason}`;
}
