// Runs each scenario against the host with a real worker, replays each history with the SDK, and prints what came of them, a JSON line each.
//   node scenarios.mjs ADDRESS TOKEN URL
import { Client, Connection, WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import { NativeConnection, Runtime, Worker, DefaultLogger } from '@temporalio/worker';
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';

const [address, apiKey, url] = process.argv.slice(2);
const workflowsPath = createRequire(import.meta.url).resolve('./workflows.ts');
const taskQueue = `typescript-${randomUUID()}`;
Runtime.install({ logger: new DefaultLogger('ERROR') });

let started;
const slowBegan = new Promise((resolve) => (started = resolve));
const activities = {
  greet: async (name) => `Hello, ${name}!`,
  local: async () => 'local',
  failTwice: async () => {
    const { attempt } = Context.current().info;
    if (attempt < 3) throw new Error(`attempt ${attempt}`);
    return attempt;
  },
  slow: async () => {
    started();
    const beat = setInterval(() => Context.current().heartbeat('alive'), 50);
    try {
      await Context.current().cancelled;
    } finally {
      clearInterval(beat);
    }
  },
};

const connection = await Connection.connect({ address, apiKey, tls: false });
const client = new Client({ connection });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address, apiKey, tls: false }),
  workflowsPath, activities, taskQueue, maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms',
});

const start = (type, ...args) => client.workflow.start(type, { taskQueue, workflowId: `ts-${type}-${randomUUID()}`, args });

const ask = async (path, body) => {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return await (await fetch(`${url}/api/v1/humantasks${path}`, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) })).json();
};

const scenarios = {
  hello: async (keep) => await keep(await start('hello', 'Ada')).result(),
  persistent: async (keep) => await keep(await start('persistent')).result(),
  listening: async (keep) => {
    const handle = keep(await start('listening'));
    await handle.signal('hear', 'one');
    await handle.signal('hear', 'two');
    const asked = await handle.query('heard');
    const added = [await handle.executeUpdate('add', { args: [2] }), await handle.executeUpdate('add', { args: [3] })];
    const rejected = await handle.executeUpdate('add', { args: [-1] }).catch((e) => e instanceof WorkflowUpdateFailedError && e.cause.message);
    await handle.signal('end');
    return [asked, added, rejected, await handle.result()];
  },
  timed: async (keep) => await keep(await start('timed')).result(),
  cancellable: async (keep) => {
    const handle = keep(await start('cancellable'));
    await slowBegan;
    await handle.cancel();
    return await handle.result();
  },
  countdown: async (keep) => await keep(await start('countdown', 2)).result(),
  approved: async (keep) => {
    const handle = keep(await start('approved'));
    let task;
    while (!task) task = (await ask('?mine=true')).items.find((t) => t.workflowId === handle.workflowId);
    await ask(`/${task.id}/decision`, { decision: 'approve', reason: 'it works' });
    return await handle.result();
  },
  patched: async (keep) => await keep(await start('patched')).result(),
  terminated: async (keep) => {
    const handle = keep(await start('listening'));
    await handle.terminate('enough');
    return await handle.result().catch((e) => e instanceof WorkflowFailedError && e.cause.message);
  },
};

await worker.runUntil(async () => {
  for (const [name, run] of Object.entries(scenarios)) {
    let kept;
    try {
      const result = await run((handle) => (kept = handle));
      const history = await kept.fetchHistory();
      await Worker.runReplayHistory({ workflowsPath }, history, kept.workflowId);
      console.log(JSON.stringify({ name, result, events: history.events.length }));
    } catch (e) {
      console.log(JSON.stringify({ name, error: String(e.stack ?? e) }));
    }
  }
});
await connection.close();
process.exit(0);
