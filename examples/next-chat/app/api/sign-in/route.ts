import { KimiDeviceLoginError, KimiError, kimi, type DeviceLoginState } from 'ai-sdk-provider-kimi/v4';
import { cookies } from 'next/headers';
import { crossSite, isSameOrigin } from '@/lib/same-origin';

// The login between two polls. The page's scripts never see it, and other sites cannot make the browser send it.
const COOKIE = 'kimi-sign-in';
const PATH = '/api/sign-in';

/**
 * Who is signed in, or how far a sign-in has come: a phone may have thrown the page away while the person was at
 * Kimi's.
 */
export async function GET(): Promise<Response> {
  return answer(async () => {
    const { state, kind } = await kimi.auth.status();
    const signedIn = state === 'valid' || state === 'due';
    const begun = signedIn ? undefined : await kept();
    return { status: 'known', account: { signedIn, usesKey: kind === 'api-key' }, begun: begun && shown(begun) };
  });
}

/** Starts a sign-in: the code and the address to show. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) {
    return crossSite();
  }
  return answer(async () => {
    const state = await kimi.auth.startDeviceLogin();
    await keep(request, state);
    return { status: 'pending', ...shown(state) };
  });
}

/** Asks once whether the person has confirmed. */
export async function PUT(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) {
    return crossSite();
  }
  return answer(async () => {
    // It is checked there: it comes from a browser.
    const poll = await kimi.auth.pollDeviceLogin((await kept()) ?? gone());
    if (poll.status === 'done') {
      await forget();
      return { status: 'done' };
    }
    await keep(request, poll.state);
    return { status: poll.status, interval: poll.state.interval };
  });
}

/** Signs out. */
export async function DELETE(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) {
    return crossSite();
  }
  return answer(async () => {
    await kimi.auth.logout();
    await forget();
    return { status: 'signed-out' };
  });
}

async function answer(step: () => Promise<object>): Promise<Response> {
  try {
    return Response.json(await step());
  } catch (error) {
    if (KimiDeviceLoginError.isInstance(error) && (error.reason === 'denied' || error.reason === 'expired')) {
      await forget();
      return Response.json({ status: error.reason });
    }
    const message = KimiError.isInstance(error) ? error.message : 'The sign-in failed. The server log says why.';
    console.error('sign-in:', error instanceof Error ? error.message : error);
    return Response.json({ status: 'failed', message });
  }
}

function shown({ interval, userCode, verificationUriComplete }: DeviceLoginState): object {
  return { interval, userCode, url: verificationUriComplete };
}

async function kept(): Promise<DeviceLoginState | undefined> {
  const value = (await cookies()).get(COOKIE)?.value;
  try {
    return value === undefined ? undefined : (JSON.parse(value) as DeviceLoginState);
  } catch {
    return undefined;
  }
}

function gone(): never {
  throw new KimiDeviceLoginError({ reason: 'expired', message: 'The sign-in is no longer there.' });
}

async function keep(request: Request, state: DeviceLoginState): Promise<void> {
  (await cookies()).set(COOKIE, JSON.stringify(state), {
    httpOnly: true,
    sameSite: 'strict',
    path: PATH,
    secure: new URL(request.url).protocol === 'https:',
    expires: new Date(state.expiresAt * 1000),
  });
}

async function forget(): Promise<void> {
  (await cookies()).set(COOKIE, '', { path: PATH, maxAge: 0 });
}
