import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Interruption } from '../../src/cli/failures';
import { home, json, KEY, lines, run, simulator } from './command-harness';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('ask', () => {
  beforeEach(() => void (process.env.KIMI_API_KEY = KEY));

  it('gives a pipe the answer alone, and takes what is piped in', async () => {
    expect(await run(['ask', 'hello', 'you'])).toMatchObject({ code: 0, stdout: 'You said: hello you\n', stderr: '' });
    expect((await run('ask', { input: 'from a file\n' })).stdout).toBe('You said: from a file\n');
    expect((await run(['ask', 'Sum up:'], { input: 'a text' })).stdout).toBe('You said: Sum up:\n\na text\n');
  });

  it('dims the thinking on a terminal, and says what it took', async () => {
    simulator.script({ reasoning: 'Hm.', text: 'Yes.' });
    const { stdout, stderr } = await run('ask why', { columns: 80 });
    expect(stdout).toBe('\x1b[2mHm.\x1b[22m\n\nYes.\n');
    expect(stderr).toMatch(/\d+ tokens in, \d+ out; on the plan, about \$0\.0+\d+ by list price/);
  });

  it('has no colour with NO_COLOR, and tells thinking by a heading', async () => {
    simulator.script({ reasoning: 'Hm.', text: 'Yes.' });
    expect((await run('ask why', { columns: 80, env: { NO_COLOR: '1' } })).stdout).toBe(
      'Thinking:\nHm.\n\nAnswer:\nYes.\n',
    );
  });

  it('lets no answer steer the terminal', async () => {
    simulator.script({ text: 'a\x1b]0;title\x07b\x9b31mc\rd' });
    expect((await run('ask x', { columns: 80 })).stdout).toBe('a]0;titleb31mcd\n');
  });

  it('gives one object a line with --json', async () => {
    simulator.script({ reasoning: 'Hm.', text: 'Yes.' });
    const parts = lines(await run('ask why --json --model k3'));
    expect(
      parts
        .filter(({ type }) => type === 'thinking')
        .map(({ text }) => text)
        .join(''),
    ).toBe('Hm.');
    expect(
      parts
        .filter(({ type }) => type === 'text')
        .map(({ text }) => text)
        .join(''),
    ).toBe('Yes.');
    expect(parts.at(-1)).toEqual({
      type: 'finish',
      model: 'k3',
      reason: 'stop',
      usage: {
        input: expect.any(Number),
        cached: expect.any(Number),
        output: expect.any(Number),
        thinking: expect.toSatisfy(value => value === null || typeof value === 'number'),
      },
      cost: { amount: 0, list: expect.any(Number), currency: 'USD', model: 'k3', date: expect.any(String) },
    });
  });

  it('sends model, effort and images', async () => {
    const image = path.join(home(), 'dot.dat');
    mkdirSync(home(), { recursive: true });
    writeFileSync(image, PNG);
    expect((await run(['ask', 'what?', '-m', 'k3', '-e', 'low', '-i', image, '--image', image])).code).toBe(0);
    const body = simulator.requests.at(-1)?.json as { messages: Array<{ content: unknown[] }> };
    const part = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toString('base64')}` } };
    expect(body).toMatchObject({ model: 'k3', thinking: { type: 'enabled', effort: 'low' } });
    expect(body.messages[0]?.content).toEqual([part, part, { type: 'text', text: 'what?' }]);
  });

  describe('--attach', () => {
    const file = (name: string, data: string | Uint8Array): string => {
      mkdirSync(home(), { recursive: true });
      const place = path.join(home(), name);
      writeFileSync(place, data);
      return place;
    };
    const parts = () =>
      (
        simulator.requests.findLast(({ path }) => path.endsWith('/chat/completions'))?.json as {
          messages: Array<{ content: unknown }>;
        }
      ).messages[0]?.content;

    it('takes pictures, videos, text and pages, by what they are', async () => {
      simulator.web.pages['https://a.example/notes'] = '# Notes';
      const argv = ['ask', 'what?', '-a', file('dot.dat', PNG), '--attach', file('notes.md', 'Grüße')];
      const video = file('clip.mp4', Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(64)]));
      const { code, stderr } = await run([...argv, '--attach', video, '--attach', 'https://a.example/notes']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(parts()).toEqual([
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toString('base64')}` } },
        { type: 'text', text: 'notes.md:\n\nGrüße' },
        { type: 'video_url', video_url: expect.objectContaining({ url: expect.stringMatching(/^ms:\/\/./) }) },
        { type: 'text', text: 'https://a.example/notes:\n\n# Notes' },
        { type: 'text', text: 'what?' },
      ]);
      expect(simulator.counts).toMatchObject({ uploads: 1, fetches: 1, chats: 1 });
    });

    it.each(['--attach', '--image'])('uploads a large picture (%s)', async flag => {
      const large = file('large.png', Buffer.concat([PNG, Buffer.alloc(5 * 1024 * 1024)]));
      expect((await run(['ask', 'what?', flag, large])).code).toBe(0);
      expect(parts()).toEqual([
        { type: 'image_url', image_url: expect.objectContaining({ url: expect.stringMatching(/^ms:\/\/./) }) },
        { type: 'text', text: 'what?' },
      ]);
    });

    it('takes one kind by --video and --file, and nothing else there', async () => {
      const video = file('clip.mp4', Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(64)]));
      const notes = file('notes.md', 'hi');
      expect((await run(['ask', 'what?', '--video', video, '--file', notes])).code).toBe(0);
      expect(parts()).toMatchObject([
        { type: 'video_url' },
        { type: 'text', text: 'notes.md:\n\nhi' },
        { text: 'what?' },
      ]);
      simulator.clearRequests();
      for (const [flag, place, what] of [
        ['--image', notes, 'is not a picture'],
        ['--image', 'https://a.example/notes', 'is not a picture'],
        ['--video', notes, 'is not a video'],
        ['--video', 'https://a.example/notes', 'is not a video'],
        ['--file', video, 'is not text'],
      ] as const) {
        const { code, stderr } = await run(['ask', 'x', flag, place]);
        expect(code).toBe(2);
        expect(stderr.replaceAll(/\s+/g, ' ')).toContain(what);
      }
      expect(simulator.requests).toEqual([]);
    });

    it.skipIf(process.platform === 'win32').each(['--attach', '--image', '--file'])(
      'a named pipe that nobody writes to is no hang (%s)',
      async flag => {
        const pipe = path.join(path.dirname(file('x', 'x')), 'pipe');
        execFileSync('mkfifo', [pipe]);
        expect(await run(['ask', 'x', flag, pipe])).toMatchObject({
          code: 2,
          stderr: expect.stringContaining('not a file'),
        });
      },
    );

    it.each([
      ['what is not there', () => '/nowhere.png', 'cannot be read (ENOENT)'],
      ['a folder', () => home(), 'is not a file'],
      ['bytes', () => file('x.bin', Buffer.from([0xff, 0xfe, 0x00, 0x01])), 'a picture, a video, or text in UTF-8'],
      ['zero bytes in text', () => file('x.txt', 'a\0b'), 'a picture, a video, or text in UTF-8'],
      ['a book', () => file('x.txt', 'a'.repeat(3 * 1024 * 1024)), 'for text it is too long'],
    ])('ends with 2 for %s, and asks nobody', async (_, place, message) => {
      mkdirSync(home(), { recursive: true });
      const { code, stderr } = await run(['ask', 'x', '--attach', place()]);
      expect(code).toBe(2);
      expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
      expect(simulator.requests).toEqual([]);
    });
  });

  it.each([
    ['nothing', ['ask'], 'Nothing was asked'],
    ['an effort that does not exist', ['ask', 'x', '--effort', 'huge'], '--effort must be one of'],
    ['an image that does not exist', ['ask', 'x', '--image', '/nowhere.png'], 'cannot be read (ENOENT)'],
    ['an image that is none', ['ask', 'x', '--image', 'package.json'], 'package.json is not a picture.'],
    ['an image without end', ['ask', 'x', '--image', '/dev/zero'], '/dev/zero is not a file.'],
    ['an empty model', ['ask', 'x', '--model', ''], 'It is empty.'],
    ['an unknown flag', ['ask', 'x', '--modle', 'k3'], 'Unknown option "--modle"'],
  ])('ends with 2 for %s, and asks nobody', async (_, argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(simulator.counts.chats).toBe(0);
  });

  it.each([
    [401, { error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid' } }, 3],
    [403, { error: { type: 'access_terminated_error', message: 'only available for Coding Agents' } }, 1],
    [429, { error: { type: 'engine_overloaded_error', message: 'The engine is currently overloaded' } }, 4],
    [500, { error: { message: 'oops' } }, 4],
  ])('turns HTTP %i into an exit code and one message', async (status, body, code) => {
    simulator.fault({ status, body, times: 9, match: { path: '/chat/completions' } });
    const result = await run('ask x');
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(/^✖ /);
    expect(result.stderr).not.toMatch(/\n +at /);
    expect(json(await run('ask x --json'))).toMatchObject({
      error: { code: expect.stringMatching(/^KIMI_/), exitCode: code },
    });
  });

  it('stopped in mid-answer, ends the line and ends with 130', async () => {
    simulator.script({ text: 'one two three four five six seven', chunkDelayMs: 200 });
    const ending = new AbortController();
    const { code, stdout, stderr } = await run('ask x', {
      abortSignal: ending.signal,
      onOutput: text => text !== '' && ending.abort(new Interruption('Interrupted.', 130)),
    });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^one.*\n$/);
    expect(stdout).not.toContain('seven');
    expect(stderr).toContain('Interrupted.');
  });
});
