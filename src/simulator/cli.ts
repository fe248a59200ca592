import { parseArgs } from 'node:util';
import { formatRules } from './format-rules';
import type { IdentityGate } from './rules/access-rules';
import { SIMULATOR_RULES } from './rules/simulator-rules';
import { startKimiSimulator } from './start-kimi-simulator';

const USAGE = `Usage: npm run simulator -- [options]

  --port <n>          Port on 127.0.0.1; a free one when absent
  --gate <mode>       known-agents (default), named or off: who may use chat completions
  --ask               Device logins wait until you approve them on their page (default: approved at once)
  --lenient           What would be refused is answered all the same
  --rules [--json]    Print every answer and refusal with its source, and stop
  --help`;

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      gate: { type: 'string', default: 'known-agents' },
      ask: { type: 'boolean', default: false },
      lenient: { type: 'boolean', default: false },
      rules: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (values.rules) {
    console.log(values.json ? JSON.stringify(SIMULATOR_RULES, null, 2) : formatRules(SIMULATOR_RULES));
    return;
  }
  const simulator = await startKimiSimulator({
    ...(values.port === undefined ? {} : { port: readPort(values.port) }),
    gate: readGate(values.gate),
    autoApprove: !values.ask,
    strict: !values.lenient,
  });
  console.log(`Kimi simulator on ${simulator.url} (Ctrl-C stops it)

Point a client at it with
KIMI_CODE_BASE_URL=${simulator.apiBaseURL}
KIMI_CODE_OAUTH_HOST=${simulator.oauthHost}

Keys: sk-kimi-simulator at ${simulator.apiBaseURL}
      sk-simulator at ${simulator.platformBaseURL} (pay-per-token platform)`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.close());
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port takes a number from 0 to 65535, not "${text}".`);
  }
  return port;
}

function readGate(text: string): IdentityGate {
  if (text !== 'known-agents' && text !== 'named' && text !== 'off') {
    throw new Error(`--gate takes known-agents, named or off, not "${text}".`);
  }
  return text;
}
