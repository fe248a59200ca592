import type { ChatBody, KimiSimulator, MessagesBody, RecordedRequest } from '../../src/simulator/index';
import { OAUTH_CLIENT_ID } from '../../src/upstream';

export const KIMI_CLI_IDENTITY = {
  'User-Agent': 'KimiCLI/1.49.0',
  'X-Msh-Platform': 'kimi_cli',
  'X-Msh-Version': '1.49.0',
  'X-Msh-Device-Name': 'host',
  'X-Msh-Device-Model': 'Linux 6.8.0 x86_64',
  'X-Msh-Os-Version': '#1 SMP',
  'X-Msh-Device-Id': '0123456789abcdef0123456789abcdef',
} as const;

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export type JsonReply = { status: number; headers: Headers; body: Record<string, unknown> };

/** A chat with the whole identity and the right key, unless `headers` says otherwise. */
export function chat(
  simulator: KimiSimulator,
  body: Partial<ChatBody>,
  {
    service = 'coding',
    headers = {},
    signal,
  }: { service?: 'coding' | 'platform'; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  const base = service === 'coding' ? simulator.apiBaseURL : simulator.platformBaseURL;
  return fetch(`${base}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service === 'coding' ? 'sk-kimi-simulator' : 'sk-simulator'}`,
      'content-type': 'application/json',
      ...(service === 'coding' ? KIMI_CLI_IDENTITY : {}),
      ...headers,
    },
    body: JSON.stringify({
      model: service === 'coding' ? 'kimi-for-coding' : 'kimi-k2.6',
      messages: [{ role: 'user', content: 'hello' }],
      ...body,
    }),
    ...(signal && { signal }),
  });
}

/** A call of the Anthropic wire as the official client makes it, with the right key, unless `headers` says otherwise. */
export function messages(
  simulator: KimiSimulator,
  body: Partial<MessagesBody>,
  {
    service = 'coding',
    headers = {},
    path = '/v1/messages',
  }: { service?: 'coding' | 'platform'; headers?: Record<string, string | undefined>; path?: string } = {},
): Promise<Response> {
  const base = service === 'coding' ? `${simulator.url}/coding` : simulator.platformAnthropicURL;
  const sent: Record<string, string | undefined> = {
    'x-api-key': service === 'coding' ? 'sk-kimi-simulator' : 'sk-simulator',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
    ...(service === 'coding' ? KIMI_CLI_IDENTITY : {}),
    ...headers,
  };
  return fetch(`${base}${path}?beta=true`, {
    method: 'POST',
    headers: Object.fromEntries(
      Object.entries(sent).filter((header): header is [string, string] => header[1] !== undefined),
    ),
    body: JSON.stringify({
      model: service === 'coding' ? 'kimi-for-coding' : 'kimi-k2.6',
      max_tokens: 1024,
      messages: [{ role: 'user', content: 'hello' }],
      ...body,
    }),
  });
}

/** The data of each event of a stream; JSON where it is JSON. */
export async function readEvents(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return text
    .split(/\r?\n\r?\n/)
    .map(event => /^data: (.*)$/m.exec(event)?.[1])
    .filter(data => data !== undefined)
    .map(data => {
      try {
        return JSON.parse(data) as unknown;
      } catch {
        return data;
      }
    });
}

export type Delta = {
  content?: string;
  reasoning_content?: string;
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[];
};
export type ChunkEvent = {
  choices: { delta: Delta; finish_reason: string | null; usage?: unknown }[];
  usage?: unknown;
};

export function deltasOf(events: readonly unknown[]): Delta[] {
  return events.flatMap(event => (event as Partial<ChunkEvent>).choices?.map(choice => choice.delta) ?? []);
}

export function postForm(simulator: KimiSimulator, path: string, form: Record<string, string>): Promise<JsonReply> {
  return fetch(simulator.oauthHost + path, {
    method: 'POST',
    body: new URLSearchParams({ client_id: OAUTH_CLIENT_ID, ...form }),
  }).then(readReply);
}

export function startDevice(simulator: KimiSimulator): Promise<JsonReply> {
  return postForm(simulator, '/api/oauth/device_authorization', {});
}

export function poll(simulator: KimiSimulator, deviceCode: unknown): Promise<JsonReply> {
  return postForm(simulator, '/api/oauth/token', { grant_type: DEVICE_GRANT, device_code: String(deviceCode) });
}

export function refresh(simulator: KimiSimulator, refreshToken: unknown): Promise<JsonReply> {
  return postForm(simulator, '/api/oauth/token', { grant_type: 'refresh_token', refresh_token: String(refreshToken) });
}

export function getModels(simulator: KimiSimulator, credential: unknown): Promise<JsonReply> {
  return fetch(`${simulator.apiBaseURL}/models`, { headers: { authorization: `Bearer ${String(credential)}` } }).then(
    readReply,
  );
}

export async function readReply(response: Response): Promise<JsonReply> {
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

export function lastRequest(simulator: KimiSimulator): RecordedRequest {
  const request = simulator.requests.at(-1);
  if (!request) {
    throw new Error('The simulator saw no request.');
  }
  return request;
}
