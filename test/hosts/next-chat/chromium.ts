import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Debian's Chromium, as `apt-get install chromium` puts it. */
export const CHROMIUM = '/usr/bin/chromium';

const FLAGS =
  '--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update ' +
  '--disable-sync';

export const hasChromium = (): Promise<boolean> =>
  access(CHROMIUM).then(
    () => true,
    () => false,
  );

/** Headless, without a sandbox because CI runs as root. Playwright gives it a fresh user data folder. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: ['--no-sandbox', ...FLAGS.split(' ')] });
}

/**
 * Into the folder that `SCREENSHOTS` names; nothing where it is not set. Not `KIMI_…`: no variable of that name reaches
 * a test.
 */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder !== undefined && folder !== '') {
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
  }
}
