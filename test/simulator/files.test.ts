import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { FILE_RULES } from '../../src/simulator/rules/file-rules';
import { chat, lastRequest, readReply, type JsonReply } from './simulator-client';

const KEYS = { coding: 'sk-kimi-simulator', platform: 'sk-simulator' } as const;
type Service = keyof typeof KEYS;

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator({
    apiKeys: { coding: [KEYS.coding, 'sk-kimi-other'] },
    fileLimits: { bytes: 1000, files: 3, totalBytes: 2500 },
  });
});
beforeEach(() => {
  simulator.forgetFiles();
  simulator.clearRequests();
});
afterAll(() => simulator.close());

const base = (service: Service) => (service === 'coding' ? simulator.apiBaseURL : simulator.platformBaseURL);

function send(service: Service, path: string, init: RequestInit = {}, key: string = KEYS[service]): Promise<Response> {
  return fetch(`${base(service)}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
}

function form({
  name = 'a.mp4',
  type = 'video/mp4',
  size = 10,
  purpose = 'video',
}: { name?: string; type?: string; size?: number; purpose?: string | undefined } = {}): FormData {
  const body = new FormData();
  body.append('purpose', purpose);
  body.append('file', new File([new Uint8Array(size)], name, { type }));
  return body;
}

const upload = (body: FormData | string = form(), service: Service = 'coding', key?: string): Promise<JsonReply> =>
  send(service, '/files', { method: 'POST', body }, key).then(readReply);

describe.each(['coding', 'platform'] as const)('files of %s', service => {
  test('upload, list, metadata, content, deletion', async () => {
    const { status, body } = await upload(form({ name: 'Ä b.mp4' }), service);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{20}$/),
      object: 'file',
      bytes: 10,
      created_at: expect.any(Number),
      filename: 'Ä b.mp4',
      purpose: 'video',
      status: 'ok',
      status_details: '',
    });
    const path = `/files/${String(body.id)}`;
    expect((await send(service, '/files').then(readReply)).body.data).toEqual([body]);
    expect((await send(service, path).then(readReply)).body).toEqual(body);
    const content = await send(service, `${path}/content`);
    expect(content.headers.get('content-type')).toBe('video/mp4');
    expect(await content.arrayBuffer()).toHaveProperty('byteLength', 10);
    expect((await send(service, path, { method: 'DELETE' }).then(readReply)).body).toMatchObject({ deleted: true });
    expect((await send(service, path).then(readReply)).status).toBe(404);
    expect(lastRequest(simulator).refusedBy).toBe('file-not-found');
  });

  test('needs a credential, and no identity', async () => {
    expect((await upload(form(), service, 'sk-nobody')).status).toBe(401);
    expect((await upload(form(), service)).status).toBe(200);
    expect(simulator.counts.uploads).toBe(2);
  });

  test('an account sees its own files only', async () => {
    const { body } = await upload(form(), service);
    const other = service === 'coding' ? 'sk-kimi-other' : KEYS.coding;
    const elsewhere = service === 'coding' ? service : 'coding';
    const path = `/files/${String(body.id)}`;
    expect((await send(elsewhere, path, {}, other)).status).toBe(404);
    expect((await send(elsewhere, path, { method: 'DELETE' }, other)).status).toBe(404);
    expect((await send(service, path)).status).toBe(200);
  });
});

/** For each rule what it refuses. */
const REFUSED: Record<string, () => Promise<JsonReply>> = {
  'file-form': () => upload('{"file":"a"}'),
  'file-purpose': () => upload(form({ purpose: 'batch' })),
  'file-type': () => upload(form({ purpose: 'image' })),
  'file-empty': () => upload(form({ size: 0 })),
  'file-size': () => upload(form({ size: 1001 })),
  async 'file-quota'() {
    await Promise.all([upload(), upload(), upload()]);
    return upload();
  },
};

test.each(FILE_RULES.map(row => [row.rule, row] as const))('%s', async (rule, row) => {
  const { status, body } = await (REFUSED[rule] as () => Promise<JsonReply>)();
  expect({ status, refusedBy: lastRequest(simulator).refusedBy }).toEqual({ status: row.status, refusedBy: rule });
  const text = (row.text ?? '').split('…')[0] ?? '';
  expect(body).toEqual({ error: { message: expect.stringContaining(text), type: row.type } });
});

test.each([
  ['no file', (body: FormData) => body.delete('file')],
  ['a file without a name', (body: FormData) => body.set('file', 'bytes')],
])('a form with %s is refused', async (_, spoil) => {
  const body = form();
  spoil(body);
  expect((await upload(body)).status).toBe(400);
  expect(lastRequest(simulator).refusedBy).toBe('file-form');
});

test('a form that is torn is refused', async () => {
  const body = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nabc';
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  expect((await send('coding', '/files', { method: 'POST', body, headers })).status).toBe(400);
});

test('the bytes of all files count, and deletion makes room', async () => {
  const ids = [await upload(form({ size: 1000 })), await upload(form({ size: 1000 }))].map(({ body }) => body.id);
  expect((await upload(form({ size: 600 }))).status).toBe(400);
  await send('coding', `/files/${String(ids[0])}`, { method: 'DELETE' });
  expect((await upload(form({ size: 600 }))).status).toBe(200);
});

test('a chat may name files of its account, as long as they are there', async () => {
  await using own = await startKimiSimulator({ fileLifetime: 60, apiKeys: { coding: [KEYS.coding, 'sk-kimi-other'] } });
  const headers = { authorization: `Bearer ${KEYS.coding}` };
  const { body } = await fetch(`${own.apiBaseURL}/files`, { method: 'POST', body: form(), headers }).then(readReply);
  expect(body.expires_at).toBe((body.created_at as number) + 60);
  const messages = [
    { role: 'user', content: [{ type: 'video_url', video_url: { url: `ms://${String(body.id)}` } }] },
  ] as const;
  const ask = (key: string = KEYS.coding) =>
    chat(own, { messages: [...messages] }, { headers: { authorization: `Bearer ${key}` } }).then(
      ({ status }) => status,
    );
  expect([await ask(), await ask('sk-kimi-other')]).toEqual([200, 400]);
  own.clock.advance(61_000);
  expect(await ask()).toBe(400);
  expect(lastRequest(own).refusedBy).toBe('file-reference-unknown');
});
