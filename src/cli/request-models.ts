import { KimiAPIError } from '../errors/kimi-api-error';
import { KimiLoginRequiredError } from '../errors/kimi-error';
import type { ModelInfo } from '../models/model-info';
import { requestModelList } from '../models/model-list';
import { refusalLines } from './refusal-words';
import type { FetchFunction } from '../transport/fetch';
import type { KimiService } from '../upstream';

/**
 * The models of an account, in server order, from the server and nowhere else: it tells whether a credential is good,
 * not whether it may chat.
 * @param fetch authorised; for a login it renews a refused token
 * @param source where the credential is from, for messages
 * @param secret the credential, so that no error shows it
 * @throws KimiLoginRequiredError for a 401; else as `requestModelList`
 */
export async function requestModels(
  { apiBaseURL, service }: { apiBaseURL: string; service: KimiService },
  { fetch, source, secret, remedy }: { fetch: FetchFunction; source: string; secret: string; remedy: string },
  abortSignal: AbortSignal,
): Promise<ModelInfo[]> {
  try {
    const request = {
      fetch,
      apiBaseURL,
      service,
      abortSignal,
      credentialSource: () => source,
      secrets: () => [secret],
    };
    return (await requestModelList(request)).models;
  } catch (error) {
    if (KimiAPIError.isInstance(error) && error.statusCode === 401) {
      const said = refusalLines(error, { remedy, flags: '', now: Date.now() })?.[0];
      const message = `${said}\nThat is the credential from ${source}.\n${remedy}`;
      throw new KimiLoginRequiredError({ reason: 'rejected', source, message });
    }
    throw error;
  }
}
