/** A worker whose calls end in an error that is none of the package's, and that quotes the token. */
import { runWorker } from '../../chaos/worker.ts';

await runWorker({
  async call(_outcome, { kimi }) {
    throw new TypeError(`cannot read a property of ${await kimi.auth.getAccessToken()}`);
  },
});
