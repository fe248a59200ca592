/**
 * `npm run demo`: the main job, offline, against the simulator that comes with the package. Colours in a terminal,
 * plain lines in a pipe.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { isStepCount, streamText, tool } from 'ai';
import { startKimiSimulator } from 'ai-sdk-provider-kimi/simulator';
import { createKimi } from 'ai-sdk-provider-kimi/v4';
import { z } from 'zod/v4';

// `styleText` looks at stdout and at NO_COLOR by itself.
const style = (name: 'bold' | 'dim' | 'green' | 'magenta' | 'cyan' | 'yellow') => (text: string) =>
  styleText(name, text, { stream: process.stdout });
const colour = {
  bold: style('bold'),
  dim: style('dim'),
  green: style('green'),
  magenta: style('magenta'),
  cyan: style('cyan'),
  yellow: style('yellow'),
};
const print = (text: string) => process.stdout.write(text);

const simulator = await startKimiSimulator();
simulator.script([
  {
    reasoning:
      'The user wants to know whether to take an umbrella in Bern. I do not know the weather there, so I ask the tool.',
    toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }],
    chunkDelayMs: 25,
    usage: { promptTokens: 142, completionTokens: 61, reasoningTokens: 38 },
  },
  {
    reasoning: 'Rain from noon on. A short answer will do.',
    text: 'Yes, take one: it rains in Bern from noon on, at 11 °C.',
    chunkDelayMs: 25,
    usage: { promptTokens: 231, completionTokens: 34, cachedTokens: 128, reasoningTokens: 11 },
  },
]);

// A device id and a place of its own: the demo leaves no file in the home directory, however it ends.
const place = mkdtempSync(join(tmpdir(), 'kimi-demo-'));
process.once('exit', () => rmSync(place, { recursive: true, force: true }));
process.env.KIMI_PROVIDER_HOME = place;
const kimi = createKimi({
  baseURL: simulator.apiBaseURL,
  apiKey: 'sk-kimi-simulator',
  identity: { client: 'kimi-cli', deviceId: '0123456789abcdef0123456789abcdef' },
});
const prompt = 'Do I need an umbrella in Bern today?';

print(
  `${colour.bold('ai-sdk-provider-kimi')} ` +
    `${colour.dim(`streamText, AI SDK 7, against the simulator at ${simulator.url}`)}\n\n`,
);
print(`${colour.green('user')}       ${prompt}\n`);

const result = streamText({
  model: kimi('kimi-for-coding'),
  prompt,
  reasoning: 'high',
  stopWhen: isStepCount(5),
  tools: {
    weather: tool({
      description: 'Weather forecast of a city for today',
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => ({ city, forecast: 'rain from noon on', temperature: 11 }),
    }),
  },
});

for await (const part of result.stream) {
  switch (part.type) {
    case 'reasoning-start':
      print(colour.magenta('reasoning  '));
      break;
    case 'text-start':
      print(colour.cyan('answer     '));
      break;
    case 'reasoning-delta':
      print(colour.dim(part.text));
      break;
    case 'text-delta':
      print(part.text);
      break;
    case 'reasoning-end':
    case 'text-end':
      print('\n');
      break;
    case 'tool-call':
      print(`${colour.yellow('tool call')}  ${part.toolName}(${JSON.stringify(part.input)})\n`);
      break;
    case 'tool-result':
      print(`${colour.yellow('result')}     ${JSON.stringify(part.output)}\n`);
      break;
    case 'error':
      throw part.error;
  }
}

const { inputTokens, outputTokens, inputTokenDetails, outputTokenDetails } = await result.usage;
print(
  `\n${colour.bold('usage')}      ${inputTokens} in (${inputTokenDetails.cacheReadTokens} cached), ` +
    `${outputTokens} out (${outputTokenDetails.reasoningTokens} reasoning), ` +
    `${(await result.steps).length} steps, finish reason "${await result.finishReason}"\n`,
);

const sent = simulator.requests.find(({ method }) => method === 'POST');
print(`\n${colour.bold('sent')}       POST ${sent?.path}\n`);
for (const [name, value] of sent?.rawHeaders ?? []) {
  if (/^(user-agent|x-msh-|authorization|content-type)/i.test(name)) {
    print(
      `           ${colour.dim(`${name}:`)} ` +
        `${/^authorization$/i.test(name) ? 'Bearer (the key of the simulator)' : value}\n`,
    );
  }
}
const { messages, tools: _, ...body } = (sent?.json ?? {}) as Record<string, unknown>;
print(`           ${colour.dim(JSON.stringify({ ...body, messages: `(${(messages as unknown[]).length})` }))}\n`);

await simulator.close();
