import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('a second signal does not end the service before it has ended its work', async (t) => {
  const service = spawn(process.execPath, [fileURLToPath(new URL('../src/server.js', import.meta.url))], {
    // Nothing answers on port 1: it waits for its database.
    env: { HOST: '127.0.0.1', PORT: '0', DATABASE_HOST: '127.0.0.1', DATABASE_PORT: '1', DATABASE_USER: 'u', DATABASE_PASSWORD: 'p', DATABASE_NAME: 'd' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => service.kill('SIGKILL'));
  const ended = once(service, 'exit');
  const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
  const logged = async (message) => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `ended before '${message}'`);
      const line = JSON.parse(value);
      if (line.msg === message) return line;
    }
  };

  const { port } = await logged('listening');
  // A request that has begun keeps it from ending.
  const request = connect(port, '127.0.0.1');
  await once(request, 'connect');
  request.write('GET / HTTP/1.1\r\nHost: service\r\n');
  service.kill('SIGTERM');
  await logged('stopping');
  service.kill('SIGTERM');
  request.destroy();

  assert.deepEqual(await ended, [0, null]);
});
