import { inspect } from 'node:util';
import { WORKFLOW_DESERIALIZE, WORKFLOW_SERIALIZE } from '@ai-sdk/provider-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryCredentialStore } from '../../src/credential-stores';
import type { KimiProviderSettings } from '../../src/index';
import { startKimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { failure } from '../support/failure';
import { COMBINATIONS } from '../support/majors';

const KEY = 'sk-kimi-simulator';

/** What a Workflow does: the class of the value writes it, JSON is kept, the class makes it anew. */
function nextStep<T extends object>(value: T): { sent: string; value: T } {
  const Class = value.constructor as unknown as Record<symbol, (input: unknown) => unknown>;
  const sent = JSON.stringify(Class[WORKFLOW_SERIALIZE]?.(value));
  return { sent, value: Class[WORKFLOW_DESERIALIZE]?.(JSON.parse(sent)) as T };
}

afterEach(() => vi.unstubAllEnvs());

describe.each(COMBINATIONS)('$name', ({ ai, createKimi }) => {
  it('goes on in the next step as the same model, with what the environment has', async () => {
    await using simulator = await startKimiSimulator();
    vi.stubEnv('KIMI_API_KEY', KEY);
    const settings = { baseURL: simulator.apiBaseURL, name: 'my-kimi', identity: 'kimi-code' as const };
    const first = createKimi({ ...settings, headers: { 'x-secret': 'header-secret' } })('k3');
    const { sent, value: model } = nextStep(first);
    expect(sent).not.toMatch(/sk-kimi|header-secret/);
    expect(model).toMatchObject({
      modelId: 'k3',
      provider: 'my-kimi.chat',
      specificationVersion: first.specificationVersion,
    });
    await ai.generateText({ model, prompt: 'hi', maxRetries: 0 });
    expect(chats(simulator)[0]).toMatchObject({
      headers: { 'x-msh-platform': 'kimi_code_cli' },
      json: { model: 'k3' },
    });
    expect(nextStep(model).sent).toBe(sent);
  });

  it.each<[string, KimiProviderSettings]>([
    ['apiKey', { apiKey: KEY }],
    ['apiKey', { apiKey: () => KEY }],
    [
      'credentialStore',
      {
        credentialStore: memoryCredentialStore({ type: 'api-key', key: KEY, service: 'coding', region: 'mainland-cn' }),
      },
    ],
  ])('misses a secret that was a setting aloud, and takes no other one: %s', async (name, settings) => {
    await using simulator = await startKimiSimulator();
    vi.stubEnv('KIMI_API_KEY', KEY);
    const { sent, value: model } = nextStep(createKimi({ baseURL: simulator.apiBaseURL, ...settings })('k3'));
    expect(sent + inspect(model, { depth: 9, showHidden: true })).not.toContain(KEY);
    const error = await failure(() => ai.generateText({ model, prompt: 'hi', maxRetries: 0 }));
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', argument: name });
    expect((error as Error).message).toContain('another step of a Workflow');
    expect(simulator.counts.requests).toBe(0);
  });
});

describe('options of the platform', () => {
  it.each(COMBINATIONS)(
    '$name: logprobs come back in the metadata, of whole answers and of streams',
    async ({ ai, createKimi }) => {
      await using simulator = await startKimiSimulator();
      const settings = { baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator', service: 'platform' as const };
      const model = createKimi(settings)('kimi-k2.6');
      simulator.script([{ text: 'one two three four' }, { text: 'one two three four' }]);
      const call = {
        model,
        prompt: 'hi',
        providerOptions: { kimi: { topLogprobs: 1, prediction: { type: 'content', content: 'one' } } },
      };
      type Answer = { text: PromiseLike<string> | string; providerMetadata: PromiseLike<object> | object };
      const whole = (await ai.generateText(call as never)) as unknown as Answer;
      const stream = ai.streamText(call as never) as unknown as Answer;
      expect(await stream.text).toBe('one two three four');
      for (const answer of [whole, stream]) {
        const { kimi } = (await answer.providerMetadata) as {
          kimi: { logprobs: { content: Array<{ token: string }> } };
        };
        expect(kimi.logprobs.content.map(({ token }) => token).join('')).toBe('one two three four');
      }
      expect(chats(simulator)[1]?.json).toMatchObject({
        logprobs: true,
        top_logprobs: 1,
        prediction: { type: 'content', content: 'one' },
      });
    },
  );
});
