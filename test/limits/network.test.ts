import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startBlackHole,
  startKimiSimulator,
  type Fault,
  type FaultStage,
  type KimiSimulator,
} from '../../src/simulator/index';
import { createKimi, type KimiProviderSettings } from '../../src/v4';
import {
  AUTHORITY_CERTIFICATE,
  EXPIRED_CERTIFICATE,
  OTHER_HOST_CERTIFICATE,
  TEST_KEY,
  VALID_CERTIFICATE,
} from '../support/certificates';

const DOCUMENT = fileURLToPath(new URL('../../docs/network.md', import.meta.url));

/** What a call ends in: an answer, or the one error with this code and reason; `!` is not retryable. */
type Outcome = 'an answer' | 'KIMI_REDIRECT!' | `${string} ${string}`;

/** How a person reads it. */
const rows: string[] = [];

const chats = { match: { path: '/chat/completions' }, times: 5 };
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];

let simulator: KimiSimulator;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => void process.on('unhandledRejection', onUnhandled));
afterAll(() => void process.off('unhandledRejection', onUnhandled));
beforeEach(async () => {
  simulator = await startKimiSimulator();
  process.env.KIMI_PROVIDER_HOME = mkdtempSync(path.join(tmpdir(), 'kimi-network-'));
});
afterEach(async () => {
  delete process.env.KIMI_PROVIDER_HOME;
  await simulator.close();
  expect(unhandled).toEqual([]);
});

type Ending = { text: string; error?: { code?: string; reason?: string; isRetryable?: boolean; message: string } };

async function streamed(settings: KimiProviderSettings, abortSignal?: AbortSignal): Promise<Ending> {
  let text = '';
  try {
    const { stream } = await createKimi(settings)('k3').doStream({ prompt, ...(abortSignal && { abortSignal }) });
    for await (const part of stream as unknown as AsyncIterable<{ type: string; delta?: string; error?: unknown }>) {
      if (part.type === 'error') {
        return { text, error: part.error as Ending['error'] & object };
      }
      text += part.type === 'text-delta' ? part.delta : '';
    }
    return { text };
  } catch (error) {
    return { text, error: error as Ending['error'] & object };
  }
}

async function whole(settings: KimiProviderSettings): Promise<Ending> {
  try {
    const { content } = await createKimi(settings)('k3').doGenerate({ prompt });
    return { text: content.map(part => (part.type === 'text' ? part.text : '')).join('') };
  } catch (error) {
    return { text: '', error: error as Ending['error'] & object };
  }
}

const settingsOf = (baseURL = simulator.apiBaseURL): KimiProviderSettings => ({
  baseURL,
  apiKey: 'sk-kimi-simulator',
  limits: { firstByteMs: 2_500, idleMs: 500 },
});

function outcomeOf({ text, error }: Ending): Outcome {
  if (error === undefined) {
    return /You said: hi|Hello/.test(text) ? 'an answer' : `nothing ${text}`;
  }
  const mark = error.isRetryable === true ? '' : '!';
  return `${error.code} ${error.reason ?? ''}${mark}`.replace(/\s+!/, '!') as Outcome;
}

/** Both calls end so, the message names the host, and the row stands in the document. */
async function expectOutcome(
  name: string,
  expected: { stream: Outcome; whole?: Outcome },
  settings: KimiProviderSettings = settingsOf(),
  before: () => void = () => undefined,
): Promise<void> {
  const found: Outcome[] = [];
  for (const call of [streamed, whole]) {
    before();
    const ending = await call(settings);
    found.push(outcomeOf(ending));
    if (ending.error !== undefined) {
      // Not with the port, of which a status that opencode retries may be a part
      // (docs/wire.md#opencode-retries-by-words).
      expect(ending.error.message).toContain(new URL(settings.baseURL as string).hostname);
      expect(ending.error.message).toMatch(/Try again|[Cc]heck|set "baseURL"|Set "baseURL"/);
    }
  }
  const { stream, whole: wholly = stream } = expected;
  expect(found).toEqual([stream, wholly]);
  rows.push(`| ${name} | ${inWords(stream)} | ${inWords(wholly)} |`);
}

function inWords(outcome: Outcome): string {
  if (outcome === 'an answer') {
    return 'the answer';
  }
  const [code, reason = ''] = outcome.replace('!', '').split(' ');
  const name = reason === '' ? `\`${code}\`` : `\`${code}\` \`${reason}\``;
  return `${name}, ${outcome.endsWith('!') ? 'not retryable' : 'retryable'}`;
}

const faulty = (fault: Fault) => () => {
  simulator.reset();
  simulator.fault({ ...chats, ...fault });
};

const UNREACHABLE = 'KIMI_CONNECTION_FAILED unreachable';
const LATE = 'KIMI_CONNECTION_FAILED timeout';
const BROKEN = 'KIMI_ANSWER_CUT connection';

describe('a connection that', () => {
  const stages: Array<[FaultStage, string, Outcome, Outcome, Outcome, Outcome]> = [
    ['accept', 'when it was accepted', UNREACHABLE, UNREACHABLE, LATE, LATE],
    ['request', 'before the headers', UNREACHABLE, UNREACHABLE, LATE, LATE],
    ['headers', 'after the headers', BROKEN, BROKEN, BROKEN, BROKEN],
    ['event', 'in the middle of an event', BROKEN, BROKEN, BROKEN, BROKEN],
    ['last-event', 'before `[DONE]`', BROKEN, BROKEN, BROKEN, BROKEN],
    ['done', 'after `[DONE]`', 'an answer', BROKEN, 'an answer', BROKEN],
  ];
  it.each(stages)('fails at stage %s', async (at, when, stream, wholly, silentStream, silentWhole) => {
    for (const how of ['reset', 'close'] as const) {
      await expectOutcome(
        `${how === 'reset' ? 'Reset' : 'Closed'} ${when}`,
        { stream, whole: wholly },
        settingsOf(),
        faulty({ connection: { at, how } }),
      );
    }
    await expectOutcome(
      `Half-open: silent ${when}`,
      { stream: silentStream, whole: silentWhole },
      settingsOf(),
      faulty({ connection: { at, how: 'silence' } }),
    );
  });

  it('is silent behind everything, and nobody waits for its end', async () => {
    faulty({ connection: { at: 'done', how: 'silence' } })();
    const { limits: _, ...unlimited } = settingsOf();
    expect(outcomeOf(await streamed(unlimited))).toBe('an answer');
    await expect.poll(() => simulator.requests.at(-1)?.clientGone).toBe(true);
  });

  it('is never answered', async () => {
    await using hole = await startBlackHole();
    await expectOutcome('A black hole: connecting is not answered', { stream: LATE }, settingsOf(`${hole.url}/v1`));
  });

  it('is refused', async () => {
    await simulator.close();
    await expectOutcome('Connection refused', { stream: UNREACHABLE });
  });

  it('goes byte by byte', async () => {
    const slowly = (byteDelayMs: number) => () => {
      faulty({ byteDelayMs })();
      simulator.script({ text: 'Hello' });
    };
    await expectOutcome('One byte at a time', { stream: 'an answer' }, settingsOf(), slowly(0));
    await expectOutcome('One byte a second, `idleMs` below that', { stream: BROKEN }, settingsOf(), slowly(1_000));
  });
});

describe('names and certificates', () => {
  it('a name that nobody knows', async () => {
    await expectOutcome(
      'DNS failure',
      { stream: 'KIMI_CONNECTION_FAILED dns' },
      settingsOf('https://kimi.invalid/coding/v1'),
    );
  }, 40_000);

  it.each([
    ['A self-signed certificate', AUTHORITY_CERTIFICATE, []],
    ['A certificate of an unknown authority', VALID_CERTIFICATE, []],
    ['An expired certificate', EXPIRED_CERTIFICATE, [AUTHORITY_CERTIFICATE]],
    ['A certificate of another host', OTHER_HOST_CERTIFICATE, [AUTHORITY_CERTIFICATE]],
  ])('%s', async (name, cert, trusted) => {
    await using secure = await startKimiSimulator({ tls: { key: TEST_KEY, cert } });
    setDefaultCACertificates(trusted);
    await expectOutcome(name, { stream: 'KIMI_CONNECTION_FAILED certificate!' }, settingsOf(secure.apiBaseURL));
    expect(secure.requests).toEqual([]);
  });

  it('no TLS where https is asked for', async () => {
    const url = simulator.apiBaseURL.replace('http:', 'https:');
    await expectOutcome(
      'Plain http on the port of https',
      { stream: 'KIMI_CONNECTION_FAILED no-http' },
      settingsOf(url),
    );
  });
});

describe('an answer that is none', () => {
  it.each([
    [200, 'KIMI_ANSWER_INVALID page!'],
    [403, 'KIMI_PERMISSION_DENIED blocked!'],
    [502, 'KIMI_SERVER_ERROR server-error'],
  ] as const)('a page with status %s', async (status, outcome) => {
    const body = '<html><head><title>Proxy</title></head></html>';
    const headers = { 'content-type': 'text/html' };
    await expectOutcome(
      `A proxy's HTML with ${status}`,
      { stream: outcome },
      settingsOf(),
      faulty({ status, body, headers }),
    );
  });

  it('another content type', async () => {
    const headers = { 'content-type': 'text/plain' };
    await expectOutcome('Content type `text/plain`', { stream: 'an answer' }, settingsOf(), faulty({ headers }));
  });

  it('garbage behind the end', async () => {
    const text = 'garbage\n\ndata: {';
    const torn = 'KIMI_ANSWER_INVALID torn';
    await expectOutcome(
      'Garbage behind the end of the body',
      { stream: 'an answer', whole: torn },
      settingsOf(),
      faulty({ garbage: { text, in: 'body' } }),
    );
    await expectOutcome(
      'Garbage on the connection behind the answer',
      { stream: 'an answer' },
      settingsOf(),
      faulty({ garbage: { text, in: 'connection' } }),
    );
  });

  it('headers without end', async () => {
    await expectOutcome(
      'Headers above 16 kB (Node)',
      { stream: 'KIMI_CONNECTION_FAILED headers!' },
      settingsOf(),
      faulty({ headers: { 'x-long': 'x'.repeat(20_000) } }),
    );
  });

  it('no HTTP', async () => {
    const server = createServer(socket => void socket.on('error', () => undefined).end('hello\r\n\r\n'));
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    await expectOutcome('Something that is no HTTP', { stream: 'KIMI_CONNECTION_FAILED no-http' }, settingsOf(url));
    server.close();
  });
});

describe('a redirect', () => {
  const to =
    (status: number, location: string | undefined, times = 1) =>
    () => {
      simulator.reset();
      simulator.fault({ ...chats, times, status, headers: location === undefined ? {} : { location } });
    };

  it('to the same origin is followed, with every status', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const location of ['/coding/v1/chat/completions', `${simulator.apiBaseURL}/chat/completions`]) {
        const before = to(status, location);
        before();
        expect(outcomeOf(await streamed(settingsOf()))).toBe('an answer');
        expect(simulator.requests.at(-1)?.method).toBe('POST');
      }
    }
    await expectOutcome(
      'Redirect (301, 302, 303, 307, 308) to the same origin, relative or not',
      { stream: 'an answer' },
      settingsOf(),
      to(307, './completions'),
    );
  });

  it.each([
    ['Redirect to another origin', 'http://127.0.0.1:9/'],
    ['Redirect to another scheme', 'https://127.0.0.1/'],
    ['Redirect to `file:`', 'file:///etc/passwd'],
    ['Redirect to what is no URL', 'http://['],
    ['Redirect without `Location`', undefined],
  ])('%s is not followed', async (name, location) => {
    for (const status of [301, 302, 303, 307]) {
      to(status, location)();
      expect(outcomeOf(await whole(settingsOf()))).toBe('KIMI_REDIRECT!');
    }
    await expectOutcome(name, { stream: 'KIMI_REDIRECT!' }, settingsOf(), to(308, location));
  });

  it('in a circle is followed once', async () => {
    await expectOutcome(
      'Redirects in a circle',
      { stream: 'KIMI_REDIRECT!' },
      settingsOf(),
      to(302, '/coding/v1/chat/completions', 2),
    );
  });
});

describe('an abort', () => {
  it.each(['accept', 'request', 'headers', 'event', 'last-event'] as const)('ends silence at stage %s', async at => {
    simulator.fault({ match: { path: '/chat/completions' }, connection: { at, how: 'silence' }, times: 5 });
    const abort = new AbortController();
    const { limits: _, ...unlimited } = settingsOf();
    const ending = streamed({ ...unlimited, limits: { firstByteMs: 0 } }, abort.signal);
    await expect.poll(() => simulator.counts.chats + Number(at === 'accept'), { timeout: 10_000 }).toBe(1);
    const reason = new DOMException('enough', 'AbortError');
    setTimeout(() => abort.abort(reason), 50);
    expect((await ending).error).toMatchObject({ name: 'AbortError' });
  });
});

describe('docs/network.md', () => {
  it('has a row for each case', () => {
    const document = readFileSync(DOCUMENT, 'utf8');
    const table = `${TABLE_HEAD}\n${rows.join('\n')}\n`;
    const start = document.indexOf(TABLE_HEAD);
    const written = `${document.slice(0, start)}${table}`;
    if (process.env.UPDATE_README === '1') {
      writeFileSync(DOCUMENT, written);
    }
    expect(document).toBe(written);
  });
});

const TABLE_HEAD = '| What happens | A streamed answer ends in | A whole answer ends in |\n| --- | --- | --- |';
