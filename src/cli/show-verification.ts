import { renderUnicodeCompact } from 'uqr';
import type { Screen } from './terminal/screen';

/** Code, address and, where the window is wide enough, the address as a QR code for a phone. */
export function showVerification(
  screen: Screen,
  { userCode, verificationUriComplete }: { userCode: string; verificationUriComplete: string },
  { isOpened, isReplacement }: { isOpened: boolean; isReplacement: boolean },
): void {
  const { colours } = screen;
  screen.line();
  if (isReplacement) {
    screen.text('That code has expired. Here is a new one.', { indent: 2 });
    screen.line();
  }
  screen.line(`  ${colours.dim('Code')}  ${colours.bold(userCode)}`);
  screen.line();
  const task = isOpened
    ? 'Your browser has opened this page. Compare the code and confirm:'
    : 'Open this page, on any device, compare the code and confirm:';
  screen.text(task, { indent: 2 });
  screen.line();
  // Never broken or indented further than it fits: it is copied.
  const indent = verificationUriComplete.length + 2 <= screen.columns ? '  ' : '';
  screen.line(`${indent}${colours.cyan(colours.underline(verificationUriComplete))}`);
  screen.line();
  const code = renderUnicodeCompact(verificationUriComplete).split('\n');
  if (screen.isTTY && (code[0]?.length ?? 0) + 2 <= screen.columns) {
    // White on black whatever the theme: scanners want dark modules on light.
    code.forEach(row => screen.line(`  ${colours.bgBlack(colours.whiteBright(row))}`));
    screen.line();
  }
}
