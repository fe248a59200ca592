import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, KEY, run, simulator } from './command-harness';

const MP4 = new Uint8Array([0, 0, 0, 24, ...Buffer.from('ftypmp42'), ...new Uint8Array(150_000)]);
const env = { KIMI_API_KEY: KEY };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kimi-upload-cli-'));
  file = path.join(folder, 'clip.mp4');
  writeFileSync(file, MP4);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('upload', () => {
  it('gives a pipe the reference alone, and programs all of it', async () => {
    const first = await run(['upload', file], { env });
    expect(first).toMatchObject({ code: 0, stdout: `ms://${simulator.files[0]?.id}\n`, stderr: '' });
    expect(json(await run(['upload', file, '--json'], { env }))).toEqual({
      reference: first.stdout.trim(),
      id: simulator.files[0]?.id,
      mediaType: 'video/mp4',
      purpose: 'video',
      byteSize: MP4.length,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      filename: 'clip.mp4',
      createdAt: expect.any(String),
      expiresAt: null,
      isCached: true,
    });
    expect(simulator.counts.uploads).toBe(1);
    await run(['upload', file, '--no-cache', '--name', 'other.mp4'], { env });
    expect(simulator.files.map(({ filename }) => filename)).toEqual(['clip.mp4', 'other.mp4']);
  });

  it.each([40, 80])('tells people how far it is and what Kimi has, in %d columns', async columns => {
    const { plain, code, stderr } = await run(['upload', file], { env, columns });
    expect(code).toBe(0);
    expect(stderr).toContain('Reading the file');
    expect(plain).toContain(`ms://${simulator.files[0]?.id}`);
    expect(plain).toMatch(/File +clip\.mp4\n +Type +video\/mp4\n +Size +150\.0 kB\n +Sent +now/);
    expect(plain.split('\n').filter(line => line.length > columns)).toEqual([]);
  });

  it.each([
    ['a file that is not there', () => [path.join(folder, 'none.mp4')], 2, 'ENOENT'],
    ['what Kimi does not take', () => [file, '--type', 'audio/mpeg'], 2, 'audio/mpeg'],
    ['a URL of this machine', () => ['http://127.0.0.1:1/a.mp4'], 1, 'private network'],
    ['no file', () => [], 2, 'Missing required argument "file"'],
  ])('%s', async (_, words, code, message) => {
    const result = await run(['upload', ...words()], { env });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
    expect(simulator.counts.uploads).toBe(0);
  });

  it('a type that nothing says names the flag', async () => {
    writeFileSync(path.join(folder, 'notes'), 'hello');
    const result = await run(['upload', path.join(folder, 'notes')], { env });
    expect(result.stderr).toContain('--type');
  });

  it('what is meant for a URL is not taken with a path', async () => {
    const { code, stderr } = await run(['upload', '/nowhere.mp4', '--allow-private'], { env });
    expect(code).toBe(2);
    expect(stderr).toContain('--allow-private goes with a URL');
    expect(simulator.requests).toEqual([]);
  });

  it('takes a URL, of a private network where that is meant', async () => {
    const server: Server = createServer((_, response) => response.writeHead(200).end(MP4));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v.mp4`;
    expect(await run(['upload', url, '--allow-private'], { env })).toMatchObject({ code: 0 });
    expect(simulator.files).toMatchObject([{ filename: 'v.mp4' }]);
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
});
