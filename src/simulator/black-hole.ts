import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** An address on loopback where connecting is never answered. */
export type BlackHole = {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Listens with the shortest queue there is, says where, and then does nothing, so that nobody is taken out of it. */
const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** More than the system lets into the queue; on loopback they are in it when `connect` returns. */
const FILLING = 8;

/**
 * Starts a black hole: what connects to it hears nothing, as behind a firewall that drops packets. Not on Windows,
 * which refuses what does not fit into the queue.
 */
export async function startBlackHole(): Promise<BlackHole> {
  const listener = new Worker(LISTENER, { eval: true });
  const port = await new Promise<number>((resolve, reject) => {
    listener.once('message', resolve);
    listener.once('error', reject);
  });
  const sockets = Array.from({ length: FILLING }, (): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    return socket;
  });
  const close = async (): Promise<void> => {
    for (const socket of sockets) {
      socket.destroy();
    }
    await listener.terminate();
  };
  return { url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}
