import { KimiDeviceLoginError, KimiError, kimi, type DeviceLoginState } from 'ai-sdk-provider-kimi/v4';
import { cookies } from 'next/headers';
import { crossSite, isSameOrigin } from '@/lib/same-origin';

// The login between two polls. The page's scripts never see it, and other sites cannot make the browser send it.
const COOKIE = 'kimi-sign-in';
const PATH = '/api/sign-in';

export async function GET(): Promise<Response> {
  const { state, kind } = await kimi.auth.status();
  return Response.json({ signedIn: state === 'valid' || state === 'due', usesKey: kind === 'api-key' });
}

/** Starts a sign-in: the code and the address to show. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) {
    return crossSite();
  }
  return answer(async () => {
    const state = await kimi.auth.startDeviceLogin();
    await keep(request, state);
    return { status: 'pending', interval: state.interval, userCode: state.userCode, url: state.verificationUriComplete };
  });
}

/** Asks once whether the person has confirmed. */
export async function PUT(request: Request): Promise<Response> {
  if (!isSameOrigin(request)) {
    return crossSite();
  }
  return answer(async () => {
    const poll = await kimi.auth.pollDeviceLogin(await kept());
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

async function kept(): Promise<DeviceLoginState> {
  const value = (await cookies()).get(COOKIE)?.value;
  if (value === undefined) {
    throw new KimiDeviceLoginError({ reason: 'expired', message: 'The sign-in is no longer there.' });
  }
  // pollDeviceLogin checks it: it comes from a browser.
  return JSON.parse(value) as DeviceLoginState;
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
