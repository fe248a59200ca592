import { tool as tool7, jsonSchema as jsonSchema7 } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod/v4';
import { onceForEachSchema } from '../../src/json-schema/normalize-schema';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { COMBINATIONS, steps } from '../support/majors';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator();
});
afterAll(() => simulator.close());

/** A loop of three steps, twice, as an agent makes it: the tools are made once, the calls are many. */
it.each(COMBINATIONS.filter(({ native }) => native))(
  'the tools of a loop are worked on once each, not at every step: $name',
  async ({ ai, createKimi, major }) => {
    const handedOver: unknown[] = [];
    const model = ai.wrapLanguageModel({
      model: createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' })('kimi-for-coding'),
      middleware: {
        middlewareVersion: 'v2',
        specificationVersion: 'v3',
        transformParams: async ({ params }: { params: { tools?: Array<{ inputSchema: unknown }> } }) => {
          handedOver.push(...(params.tools ?? []).map(tool => tool.inputSchema));
          return params;
        },
      },
    });
    const execute = async () => 'sunny';
    const tools = {
      zod: tool7({ inputSchema: z.object({ city: z.string(), days: z.number().optional() }), execute }),
      json: tool7({ inputSchema: jsonSchema7({ type: 'object', properties: { city: { type: 'string' } } }), execute }),
    };
    const call = (name: string) => ({ toolCalls: [{ name, arguments: { city: 'Bern' } }] });
    for (const _ of [1, 2]) {
      simulator.script([call('zod'), call('json'), { text: 'Done.' }]);
      await ai.generateText({ model, prompt: 'Weather?', tools, stopWhen: steps(5) });
    }
    expect(handedOver).toHaveLength(12);

    const worked: unknown[] = [];
    const once = onceForEachSchema(schema => worked.push(schema), 10_000);
    handedOver.forEach(schema => once(schema));
    expect(worked).toHaveLength(2);
    // Why objects are not enough: a Zod schema is written anew each time. Should this change, the texts can go.
    expect({ major, objects: new Set(handedOver).size }).toEqual({ major, objects: 7 });
  },
);
