import { describe, expect, it } from 'vitest';
import { checkVerificationURL } from '../../src/auth/oauth-host';
import { KimiDeviceLoginError } from '../../src/errors/kimi-error';

const mainland = 'https://auth.kimi.com';
const global = 'https://auth.kimi.ai';

describe('checkVerificationURL', () => {
  it.each([
    ['https://www.kimi.com/code/authorize_device?user_code=AB-CD', mainland],
    ['https://kimi.com/device', mainland],
    ['https://www.kimi.ai/device', global],
    ['https://login.example.org/device', 'https://login.example.org'],
    ['https://www.kimi.com/device', 'https://login.example.org'],
    ['http://login.example.org/device', 'http://login.example.org'],
    ['http://127.0.0.1:4000/device', 'http://127.0.0.1:5000'],
    ['http://localhost:4000/device', 'http://[::1]:5000'],
    ['https://www.kimi.com/device', 'http://127.0.0.1:5000'],
  ])('shows %s for %s', (url, host) => {
    expect(checkVerificationURL(url, host)).toBe(new URL(url).href);
  });

  it.each([
    ['http://www.kimi.com/device', mainland],
    ['https://www.kimi.ai/device', mainland],
    ['https://www.kimi.com/device', global],
    ['https://kimi.com.evil.example/device', mainland],
    ['https://evilkimi.com/device', mainland],
    ['https://kimi.com@evil.example/device', mainland],
    ['https://user:pass@kimi.com/device', mainland],
    ['https://www.kimi.com:8443/device', mainland],
    ['http://127.0.0.1/device', mainland],
    ['https://other.example.org/device', 'https://login.example.org'],
    ['http://login.example.org/device', 'https://login.example.org'],
    ['http://other.example.org/device', 'http://login.example.org'],
    ['javascript:alert(1)', mainland],
    ['file:///etc/passwd', 'http://127.0.0.1:1'],
    ['-e calculator', mainland],
    ['', mainland],
  ])('refuses %s for %s', (url, host) => {
    expect(() => checkVerificationURL(url, host)).toThrow(KimiDeviceLoginError);
  });

  it('gives nothing on that steers a terminal', () => {
    expect(checkVerificationURL('https://kimi.com/a\u001b[2Jb\n', mainland)).toBe('https://kimi.com/a%1B[2Jb');
  });

  it('names both hosts, not the path', () => {
    expect(() => checkVerificationURL('https://evil.example/secret', mainland)).toThrow(
      /auth\.kimi\.com asked to open https:\/\/evil\.example to sign in/,
    );
    expect(() => checkVerificationURL('https://evil.example/secret', mainland)).not.toThrow(/secret/);
  });
});
