import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to the token endpoint that is held up. */
export type HeldRequest = {
  /** Resolves when it is there: for `answer`, when the server has done its part. */
  arrived: Promise<void>;
  /** Lets it go on. Resolves when the server has answered, whoever still listens. */
  release(): Promise<void>;
};

/** A network in front of a simulator, in which a test holds up one request of many. */
export type TokenGate = {
  /** Takes the place of the simulator's `oauthHost`. */
  url: string;
  /** The next request: before the server sees it (`request`), or its answer on the way back (`answer`). */
  holdNext(part: 'request' | 'answer'): HeldRequest;
  close(): Promise<void>;
};

type Hold = { part: 'request' | 'answer'; arrive: () => void; released: Promise<void>; finish: () => void };

/** Starts it before `oauthHost`. */
export async function startTokenGate(oauthHost: string): Promise<TokenGate> {
  const holds: Hold[] = [];

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const hold = holds.shift();
    const pause = async (part: Hold['part']) => {
      if (hold?.part === part) {
        hold.arrive();
        await hold.released;
      }
    };
    const body = Buffer.concat(await incoming.toArray());
    await pause('request');
    const sent = forward(new URL(incoming.url ?? '/', oauthHost), {
      method: incoming.method,
      headers: incoming.headers,
    });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const answerBody = Buffer.concat(await answer.toArray());
    await pause('answer');
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.end(answerBody);
    hold?.finish();
  }

  const server = createServer((incoming, outgoing) => {
    // The process at the other end may have been killed.
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdNext(part) {
      const [arrived, released, finished] = [
        Promise.withResolvers<void>(),
        Promise.withResolvers<void>(),
        Promise.withResolvers<void>(),
      ];
      holds.push({ part, arrive: arrived.resolve, released: released.promise, finish: finished.resolve });
      return {
        arrived: arrived.promise,
        async release() {
          released.resolve();
          await finished.promise;
        },
      };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
