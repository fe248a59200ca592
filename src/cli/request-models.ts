import { APICallError } from '@ai-sdk/provider';
import { KimiError, KimiLoginRequiredError } from '../errors/kimi-error';
import type { ModelInfo } from '../models/model-info';
import { parseModelList } from '../models/model-list';
import type { FetchFunction } from '../transport/fetch';
import type { KimiService } from '../upstream';
import { networkReason, TIME_LIMIT_MS } from './failures';

/**
 * The models of an account, in server order, from the server and nowhere else: it tells whether a credential is good,
 * not whether it may chat.
 * @param fetch authorised; for a login it renews a refused token
 * @param source where the credential is from, for messages
 * @throws KimiLoginRequiredError for a 401; APICallError
 */
export async function requestModels(
  { apiBaseURL, service }: { apiBaseURL: string; service: KimiService },
  { fetch, source, remedy }: { fetch: FetchFunction; source: string; remedy: string },
  abortSignal: AbortSignal,
): Promise<ModelInfo[]> {
  const url = `${apiBaseURL}/models`;
  const failed = (message: string, statusCode?: number) =>
    new APICallError({
      url,
      message,
      requestBodyValues: {},
      isRetryable: statusCode === undefined || statusCode === 429 || statusCode >= 500,
      ...(statusCode === undefined ? {} : { statusCode }),
    });

  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, {
      headers: { Accept: 'application/json' },
      signal: AbortSignal.any([abortSignal, AbortSignal.timeout(TIME_LIMIT_MS)]),
    });
    body = await response.json().catch(() => undefined);
  } catch (error) {
    abortSignal.throwIfAborted();
    throw KimiError.isInstance(error) || APICallError.isInstance(error)
      ? error
      : failed(`${networkReason(error)}. Check the network and proxy.`);
  }
  if (response.status === 401) {
    const message = `${new URL(url).host} refuses the credential from ${source} (HTTP 401). ${remedy}`;
    throw new KimiLoginRequiredError({ reason: 'rejected', source, message });
  }
  const models = response.ok ? parseModelList(body, service) : undefined;
  if (models === undefined) {
    throw failed(
      response.ok ? 'the answer is not a list of models.' : 'the list of models was refused.',
      response.status,
    );
  }
  return models;
}
