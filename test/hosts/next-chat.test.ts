import os from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type RecordedRequest } from '../../src/simulator';
import { hasChromium, screenshot, startChromium } from './next-chat/chromium';
import { startNextApp, type NextApp } from './next-chat/next-app';
import { installExample } from './support/install-example';

const LOGIN_REQUIRED = 'You are not signed in to Kimi, or no longer. Sign in, then try again.';
const NO_ANSWER = 'The server of this page does not answer. Check the connection, then try again.';
const MODELS = ['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3.1-pro', 'k3.1-pro-highspeed', 'k3', 'k3-256k'];

// Chromium is a system package: .ci/run installs it, and fails where this is skipped.
describe.skipIf(!(await hasChromium()))('examples/next-chat, built for production, in Chromium', () => {
  let simulator: KimiSimulator;
  let example: Awaited<ReturnType<typeof installExample>>;
  let app: NextApp;
  let browser: Browser;
  let page: Page;
  /** What the browser's console says that is an error, besides refused requests. */
  const consoleErrors: string[] = [];

  beforeAll(async () => {
    simulator = await startKimiSimulator({ deviceInterval: 1 });
    example = await installExample('next-chat');
    app = await startNextApp(example.folder, simulator);
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1200, height: 800 }, colorScheme: 'light' });
    page.setDefaultTimeout(15_000);
    page.on('console', message => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        consoleErrors.push(message.text());
      }
    });
    page.on('pageerror', error => consoleErrors.push(String(error)));
    await page.goto(app.url);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await simulator?.close();
    await example?.dispose();
  });

  beforeEach(() => simulator.reset());

  const alert = () => page.locator('main [role=alert]');
  const answers = () => page.getByRole('article', { name: 'Kimi' });
  const chats = () => simulator.requests.filter(request => request.path.endsWith('/chat/completions'));
  const lastBody = () => chats().at(-1)?.json as Record<string, unknown>;

  async function send(text: string): Promise<void> {
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  }

  async function answered(text: string): Promise<void> {
    await answers().last().getByText(text).waitFor();
    await page.getByRole('button', { name: 'Send' }).waitFor();
  }

  async function getCode(button: string): Promise<string> {
    await page.getByRole('button', { name: button }).click();
    const code = await page.getByLabel('Code').textContent();
    expect(await page.getByRole('link', { name: 'Open Kimi' }).getAttribute('href')).toContain(`user_code=${code}`);
    return code ?? '';
  }

  it('needs no configuration and builds without a warning but Next’s own about edge', () => {
    const warnings = app.buildLog.split('\n').filter(line => /⚠|warn|error/i.test(line) && !/edge runtime/i.test(line));
    expect(warnings).toEqual([]);
  });

  it('sends whoever is not signed in to the sign-in page', async () => {
    await send('Hello');
    await alert().getByText(LOGIN_REQUIRED).waitFor();
    expect(chats()).toEqual([]);
    await screenshot(page, 'login-required');
    await alert().getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Sign in to Kimi' }).waitFor();
  });

  it('signs in by device steps: denied, expired, slowed down, done', async () => {
    simulator.deny(await getCode('Get a code'));
    await alert().getByText('refused on the Kimi page').waitFor();

    await getCode('Start again');
    simulator.clock.advance(31 * 60_000);
    await alert().getByText('expired').waitFor();
    await screenshot(page, 'sign-in-expired');

    simulator.fault({ match: { path: '/api/oauth/token' }, status: 400, body: { error: 'slow_down' } });
    const slowed = page.waitForResponse(
      async response => response.request().method() === 'PUT' && (await response.text()).includes('slow_down'),
    );
    const code = await getCode('Start again');
    await screenshot(page, 'sign-in-code');
    expect(await (await slowed).json()).toEqual({ status: 'slow_down', interval: 6 });
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const cookie = (await page.context().cookies(`${app.url}/api/sign-in`)).find(each => each.name === 'kimi-sign-in');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/api/sign-in' });

    simulator.approve(code);
    await page.getByLabel('Conversation').waitFor();
    await expect.poll(async () => page.context().cookies(`${app.url}/api/sign-in`)).toEqual([]);
    await expect.poll(() => page.getByLabel('Model').locator('option').allTextContents()).toEqual(MODELS);
  });

  it('answers on Node with the reasoning folded, as the official client would ask', async () => {
    simulator.script({
      reasoning: 'Rayleigh scattering, in short.',
      text: 'Short waves scatter more, so the sky is blue.',
    });
    await page.getByRole('button', { name: 'New chat' }).click();
    await send('Why is the sky blue?');
    await answered('so the sky is blue');

    const reasoning = answers().last().getByText('Rayleigh scattering');
    expect(await reasoning.isVisible()).toBe(false);
    await answers().last().getByText('Thought for').click();
    await reasoning.waitFor();
    await screenshot(page, 'chat-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await screenshot(page, 'chat-dark');
    await page.emulateMedia({ colorScheme: 'light' });

    const request = chats().at(-1);
    expect(request?.headers.authorization).toMatch(/^Bearer ey/);
    expect(identityOf(request)).toEqual({
      'user-agent': 'KimiCLI/1.49.0',
      'x-msh-platform': 'kimi_cli',
      'x-msh-version': '1.49.0',
      'x-msh-device-name': os.hostname(),
      'x-msh-device-model': expect.stringMatching(/\S/),
      'x-msh-os-version': os.version(),
      'x-msh-device-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(lastBody()).toMatchObject({ model: 'kimi-for-coding', stream: true, prompt_cache_key: await chatId() });
    expect(lastBody()).not.toHaveProperty('thinking');
  });

  it('asks with the effort and the model that were picked, of those that there are', async () => {
    const effort = page.getByLabel('Effort');
    const efforts = () =>
      effort.locator('option').evaluateAll(options => options.map(option => (option as HTMLOptionElement).value));
    await expect.poll(efforts).toEqual(['auto', 'off', 'low', 'high', 'max']);
    await effort.selectOption('high');
    simulator.script({ text: 'With high effort.' });
    await send('Think hard.');
    await answered('With high effort.');
    expect(lastBody()).toMatchObject({ thinking: { type: 'enabled', effort: 'high' } });

    await page.getByLabel('Model').selectOption('k3');
    await expect.poll(efforts).toEqual(['auto', 'low', 'high', 'max']);
    await effort.selectOption('max');
    simulator.script({ text: 'From K3.' });
    await send('And now?');
    await answered('From K3.');
    expect(lastBody()).toMatchObject({
      model: 'k3',
      thinking: { type: 'enabled', effort: 'max' },
      prompt_cache_key: await chatId(),
    });
  });

  it('keeps chat and settings over a reload, and goes on with a renewed token', async () => {
    const id = await chatId();
    simulator.expireTokens();
    await page.reload();
    await answers().getByText('so the sky is blue').waitFor();
    expect(await page.getByRole('article').count()).toBe(6);
    expect(await page.getByLabel('Model').inputValue()).toBe('k3');
    simulator.script({ text: 'As I said before.' });
    await send('Again?');
    await answered('As I said before.');
    expect(lastBody()).toMatchObject({ prompt_cache_key: id });
    expect(lastBody().messages).toHaveLength(7);
  });

  it('says in words that the plan is used up and until when, and tries again on demand', async () => {
    const resetsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3 * 3_600_000);
    // docs/wire.md#one-status-for-several-cases: the type of the identity gate; only the text tells the two apart.
    const message = `You've reached your weekly (7-day) usage limit. Your quota resets at ${resetsAt.toISOString()}`;
    simulator.script({ status: 403, body: { error: { type: 'access_terminated_error', message } } });
    const before = chats().length;
    await send('One more?');
    const when = resetsAt.toUTCString().replace('GMT', 'UTC');
    const words = `Your Kimi plan is used up for now. It is fresh again on ${when}.`;
    await alert().getByText(words).waitFor();
    expect(chats()).toHaveLength(before + 1);
    await screenshot(page, 'quota');

    simulator.script({ text: 'Fresh again.' });
    await alert().getByRole('button', { name: 'Try again' }).click();
    await answered('Fresh again.');
    expect(await alert().count()).toBe(0);
  });

  it('says in how many seconds a rate limit ends', async () => {
    const message = "We're receiving too many requests at the moment";
    simulator.script({ status: 429, retryAfter: 90, body: { error: { type: 'rate_limit_reached_error', message } } });
    await send('Too fast?');
    await alert()
      .getByText(/^Kimi has too many requests at the moment\. Try again in (90|8\d) seconds\.$/)
      .waitFor();
    simulator.script({ text: 'Now I have time.' });
    await alert().getByRole('button', { name: 'Try again' }).click();
    await answered('Now I have time.');
  });

  it('stops in the middle of an answer, at Kimi too, and goes on after that', async () => {
    simulator.script({ text: 'A very long story. '.repeat(500), chunkDelayMs: 20 });
    await send('Tell me a story.');
    await answers().last().getByText('A very long story.').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await expect.poll(() => chats().at(-1)?.clientGone, { timeout: 10_000 }).toBe(true);
    simulator.script({ text: 'Where were we?' });
    await send('Go on.');
    await answered('Where were we?');
  });

  it('lets the reader scroll up while it answers, and keeps the question over a reload in the middle', async () => {
    simulator.script({ text: 'A line of a poem.\n'.repeat(400), chunkDelayMs: 10 });
    await send('A long poem, please.');
    const list = page.getByLabel('Conversation');
    const height = () => list.evaluate(element => element.scrollHeight);
    const fromEnd = () => list.evaluate(element => element.scrollHeight - element.scrollTop - element.clientHeight);
    const start = await height();
    await expect.poll(height).toBeGreaterThan(start + 300);
    await expect.poll(fromEnd).toBeLessThan(2);
    await list.evaluate(element => element.scrollTo({ top: 0 }));
    const before = await height();
    await expect.poll(height).toBeGreaterThan(before + 300);
    expect(await list.evaluate(element => element.scrollTop)).toBe(0);

    await page.reload();
    await page.getByText('A long poem, please.').waitFor();
    await alert().getByText('There is no answer yet.').waitFor();
    await screenshot(page, 'no-answer-yet');
    simulator.script({ text: 'A short one, then.' });
    await alert().getByRole('button', { name: 'Try again' }).click();
    await answered('A short one, then.');
    expect((lastBody().messages as object[]).at(-1)).toMatchObject({ role: 'user', content: 'A long poem, please.' });
    expect(await alert().count()).toBe(0);
  });

  it('says in words that its own server is away', async () => {
    await page.route('**/api/chat', route => route.abort());
    await send('Anybody?');
    await alert().getByText(NO_ANSWER).waitFor();
    await page.unroute('**/api/chat');
    simulator.script({ text: 'Here again.' });
    await alert().getByRole('button', { name: 'Try again' }).click();
    await answered('Here again.');
  });

  it('answers on edge with the key for edge, which the Node route does not use', async () => {
    await page.getByLabel('Runtime').selectOption('edge');
    simulator.script({ reasoning: 'From the edge.', text: 'Hello from edge.' });
    await send('Hello edge');
    await answered('Hello from edge.');
    const request = chats().at(-1);
    expect(request?.headers.authorization).toBe('Bearer sk-kimi-simulator');
    expect(identityOf(request)).toMatchObject({
      'user-agent': 'KimiCLI/1.49.0',
      'x-msh-platform': 'kimi_cli',
      'x-msh-version': '1.49.0',
      'x-msh-device-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(Object.keys(identityOf(request))).toHaveLength(7);
    await page.getByLabel('Runtime').selectOption('node');
  });

  it('fits a phone without scrolling sideways', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBe(390);
    await screenshot(page, 'phone-chat');
    await page.getByRole('link', { name: 'Account' }).click();
    await page.getByText('You are signed in.').waitFor();
    expect(await width()).toBe(390);
    await screenshot(page, 'phone-account');
    await page.getByRole('link', { name: 'Back to the chat' }).click();
    await page.setViewportSize({ width: 1200, height: 800 });
  });

  it('shows no warning and no error in the logs but the refusals above, in one line each', async () => {
    expect(consoleErrors).toEqual([]);
    const lines = app
      .log()
      .split('\n')
      .filter(line => line.trim() !== '' && !/^(chat|sign-in): /.test(line));
    expect(lines.filter(line => /warn|error|⨯|specificationVersion|^\s+at /i.test(line))).toEqual([]);
    expect(app.log().match(/^chat: .*$/gm)).toHaveLength(3);
    expect(app.log()).not.toMatch(/eyJ|sk-kimi|sky blue/);
  });

  it('answers by the route that the documents show', async () => {
    simulator.script({ reasoning: 'A greeting.', text: 'Hello from the least route.' });
    const body = JSON.stringify({
      id: 'a-chat',
      messages: [{ id: '1', role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    });
    const url = `${app.url}/api/minimal`;
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const events = (await response.text()).split('\n').filter(line => line.startsWith('data: {'));
    const parts = events.map(event => JSON.parse(event.slice('data: '.length)) as { type: string; delta?: string });
    const textOf = (type: string) =>
      parts
        .filter(part => part.type === type)
        .map(({ delta }) => delta)
        .join('');
    expect([textOf('reasoning-delta'), textOf('text-delta')]).toEqual(['A greeting.', 'Hello from the least route.']);
    expect(lastBody()).toMatchObject({ prompt_cache_key: 'a-chat' });

    const sent = chats().length;
    expect((await fetch(url, { method: 'POST', body })).status).toBe(415);
    expect(chats()).toHaveLength(sent);
  });

  it('links to the sign-in page once the login is revoked, signs in again, and out', async () => {
    simulator.revoke();
    await send('Still there?');
    await alert().getByText(LOGIN_REQUIRED).waitFor();
    await alert().getByRole('link', { name: 'Sign in' }).click();
    const code = await getCode('Get a code');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Open Kimi');
    // A phone may throw the page away while the person is at Kimi's.
    await page.reload();
    expect(await page.getByLabel('Code').textContent()).toBe(code);
    simulator.approve(code);
    await answers().first().waitFor();
    simulator.script({ text: 'Still here.' });
    await alert().getByRole('button', { name: 'Try again' }).click();
    await answered('Still here.');

    await page.route('**/api/sign-in', route => route.abort());
    await page.getByRole('link', { name: 'Account' }).click();
    await alert().getByText(NO_ANSWER).waitFor();
    await page.unroute('**/api/sign-in');
    await page.getByRole('button', { name: 'Try again' }).click();
    const failed = { status: 'failed', message: 'The credential store is locked.' };
    await page.route('**/api/sign-in', route =>
      route.request().method() === 'DELETE' ? route.fulfill({ json: failed }) : route.continue(),
    );
    await page.getByRole('button', { name: 'Sign out' }).click();
    await alert().getByText(failed.message).waitFor();
    await page.unroute('**/api/sign-in');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Get a code' }).waitFor();
    await page.getByRole('link', { name: 'Back to the chat' }).click();
    await send('And now?');
    await alert().getByText(LOGIN_REQUIRED).waitFor();
  });

  it('takes nothing from other sites, and nothing that is no chat', async () => {
    const routes = [
      ['sign-in', 'POST'],
      ['sign-in', 'PUT'],
      ['sign-in', 'DELETE'],
      ['chat', 'POST'],
      ['chat-edge', 'POST'],
    ] as const;
    for (const [path, method] of routes) {
      for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}] as Record<
        string,
        string
      >[]) {
        const response = await fetch(`${app.url}/api/${path}`, { method, headers });
        expect([path, method, headers, response.status]).toEqual([path, method, headers, 403]);
      }
    }
    const sent = chats().length;
    const messages = [{ id: '1', role: 'user', parts: [{ type: 'text', text: 'Hi' }] }];
    const good = { id: 'a', model: 'k3', effort: 'max', messages };
    const wrong = [{ messages: [{ role: 'user' }] }, { model: 'gpt-4' }, { effort: 'off' }, { id: '../x' }];
    for (const body of [{}, ...wrong.map(field => ({ ...good, ...field }))]) {
      const init = { method: 'POST', headers: { origin: app.url }, body: JSON.stringify(body) };
      const response = await fetch(`${app.url}/api/chat-edge`, init);
      expect([body, response.status]).toEqual([body, 400]);
      expect(await response.text()).toMatch(/^(This chat cannot be read|Your account has no model)/);
    }
    expect(chats()).toHaveLength(sent);
  });

  function chatId(): Promise<string> {
    return page.evaluate(() => (JSON.parse(localStorage.getItem('kimi-chat') ?? '{}') as { id: string }).id);
  }
});

function identityOf(request: RecordedRequest | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request?.headers ?? {}).filter(([name]) => name === 'user-agent' || name.startsWith('x-msh-')),
  );
}
