import { APICallError } from '@ai-sdk/provider';
import { foreignKey } from '../../auth/credential-provider';
import { KimiLoginRequiredError } from '../../errors/kimi-error';
import type { KimiProviderV4 } from '../../provider/kimi-provider-v4';
import { type FetchFunction, createSameOriginFetch } from '../../transport/fetch';
import { finalHeaders, setFinalHeaders } from '../../transport/headers';
import { KEY_CONSOLE_URLS } from '../../upstream';
import type { CommandContext } from '../command';
import { describeFailure, UsageError } from '../failures';
import { resolvePlace, type LoginOptions } from '../login-choice';
import { readHiddenLine, readPipedInput } from '../read-input';
import { requestModels } from '../request-models';
import { styled } from '../terminal';

/**
 * Keeps a key in the store. It comes from stdin or a hidden prompt, never from the command line, which every program of
 * the machine can read. A key that the service refuses is not saved; where the service cannot be asked, it is saved
 * with a word of warning.
 */
export async function saveKey(context: CommandContext, options: LoginOptions, kimi: KimiProviderV4): Promise<void> {
  const { service, region, apiBaseURL } = await resolvePlace(context, options);
  const keyConsole = KEY_CONSOLE_URLS[service][region];
  const piped = await readPipedInput(context);
  if (piped === undefined && context.stdin.isTTY !== true) {
    throw new UsageError('No key came on stdin. Pipe it in: npx ai-sdk-provider-kimi login --api-key < key.txt');
  }
  const key = (piped ?? (await readHiddenLine(context, `Key from ${keyConsole} (not shown): `))).trim();
  if (!/^[\x21-\x7e]{8,}$/.test(key)) {
    throw new UsageError(
      `${key === '' ? 'No key was given' : 'What was given is not a key: one line without spaces'}. Nothing was saved.`,
    );
  }
  try {
    await requestModels(
      { apiBaseURL, service },
      { fetch: withKey(key), source: 'your input', secret: key, remedy: '' },
      context.abortSignal,
    );
  } catch (error) {
    context.abortSignal.throwIfAborted();
    if (KimiLoginRequiredError.isInstance(error)) {
      const foreign = foreignKey(key, service);
      throw new KimiLoginRequiredError({
        reason: 'rejected',
        source: 'your input',
        message:
          `${new URL(apiBaseURL).host} does not know this key (HTTP 401). Nothing was saved. ` +
          `${foreign === undefined ? '' : `It looks like ${foreign}. `}` +
          `A key works at one service and region only: ` +
          `this one is tried as ${service}, ${region}, whose keys are at ${keyConsole}. ` +
          'Others: --service and --region.',
      });
    }
    if (!APICallError.isInstance(error)) {
      throw error;
    }
    if (options.json !== true) {
      const { text, symbols } = context.errors;
      const reason = describeFailure(error).message;
      text(`The key could not be tried: ${reason} It is saved all the same.`, {
        sign: styled(symbols.warning, 'yellow'),
      });
    }
  }
  context.abortSignal.throwIfAborted();
  await kimi.auth.save({ type: 'api-key', key, service, region });
}

function withKey(key: string): FetchFunction {
  const fetch = createSameOriginFetch(globalThis.fetch);
  return (input, init) => fetch(input, setFinalHeaders(init, finalHeaders([['Authorization', `Bearer ${key}`]])));
}
