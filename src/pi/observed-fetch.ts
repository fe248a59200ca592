import { AsyncLocalStorage } from 'node:async_hooks';
import type { FetchFunction } from '../transport/fetch';
import type { PiModel, PiStreamOptions } from './pi-api';

/** Who wants to see one request of pi's, and may change it. */
type Observer = { model: PiModel; options: PiStreamOptions };

const observers = new AsyncLocalStorage<Observer>();

/** Runs a call of the engine so that its chat request is shown to pi's other extensions (docs/wire.md#pi-providers). */
export function observed<T>(observer: Observer, call: () => PromiseLike<T>): Promise<T> {
  return observers.run(observer, async () => call());
}

/**
 * The `fetch` below the engine's own: pi's, where it has set one, with the hooks of the call that it is made for. The
 * provider is one for all calls, so the call is found by its own asynchronous context.
 */
export const observedFetch: FetchFunction = async (url, init) => {
  const observer = observers.getStore();
  const send = observer?.options.fetch ?? globalThis.fetch;
  if (observer === undefined || !isChat(url)) {
    return send(url, init);
  }
  const { model, options } = observer;
  const body = await replaced(init?.body, observer);
  const response = await send(url, { ...init, ...(body === undefined ? {} : { body }) });
  await options.onResponse?.({ status: response.status, headers: Object.fromEntries(response.headers) }, model);
  return response;
};

async function replaced(body: RequestInit['body'], { model, options }: Observer): Promise<RequestInit['body']> {
  if (options.onPayload === undefined || typeof body !== 'string') {
    return body;
  }
  const payload = await options.onPayload(JSON.parse(body), model);
  return payload === undefined ? body : JSON.stringify(payload);
}

function isChat(url: Parameters<FetchFunction>[0]): boolean {
  return /\/(?:chat\/completions|messages)(?:\?|$)/.test(String(url instanceof Request ? url.url : url));
}
