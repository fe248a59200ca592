'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { NO_ANSWER } from '@/lib/problems';

type Pending = { userCode: string; url: string; interval: number };
type Account = { signedIn: boolean; usesKey: boolean };
type Answer = Partial<Pending> & {
  status: 'known' | 'pending' | 'slow_down' | 'done' | 'denied' | 'expired' | 'failed' | 'signed-out';
  message?: string;
  account?: Account;
  /** A sign-in that this browser has begun. */
  begun?: Pending;
};

const PROBLEMS = {
  denied: 'The sign-in was refused on the Kimi page.',
  expired: 'The code has expired before it was confirmed.',
};

export default function SignIn() {
  const router = useRouter();
  const [account, setAccount] = useState<Account>();
  const [pending, setPending] = useState<Pending>();
  const [problem, setProblem] = useState('');

  useEffect(() => void load(), []);

  // One poll each `interval` seconds; an answer may ask for more patience, and the next wait is then longer.
  useEffect(() => {
    if (!pending) {
      return;
    }
    const timer = setTimeout(async () => {
      const answer = await ask('PUT');
      if (answer.status === 'done') {
        router.push('/');
      } else if (answer.status === 'pending' || answer.status === 'slow_down') {
        setPending({ ...pending, interval: answer.interval ?? pending.interval });
      } else {
        stop(answer);
      }
    }, pending.interval * 1000);
    return () => clearTimeout(timer);
  }, [pending, router]);

  function stop({ status, message }: Answer) {
    setPending(undefined);
    setProblem(status === 'denied' || status === 'expired' ? PROBLEMS[status] : (message ?? 'The sign-in failed.'));
  }

  async function load() {
    setProblem('');
    const answer = await ask('GET');
    setAccount(answer.account);
    setPending(answer.begun);
    if (!answer.account) {
      stop(answer);
    }
  }

  async function start() {
    setProblem('');
    const answer = await ask('POST');
    if (answer.userCode && answer.url && answer.interval) {
      setPending({ userCode: answer.userCode, url: answer.url, interval: answer.interval });
    } else {
      stop(answer);
    }
  }

  async function signOut() {
    setProblem('');
    const answer = await ask('DELETE');
    if (answer.status === 'signed-out') {
      setAccount({ signedIn: false, usesKey: false });
    } else {
      stop(answer);
    }
  }

  return (
    <main className="card">
      <h1>{account?.signedIn ? 'Your Kimi account' : 'Sign in to Kimi'}</h1>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {pending ? (
        <>
          <p>Open the page of Kimi, compare the code, and confirm.</p>
          <output className="code" aria-label="Code">
            {pending.userCode}
          </output>
          <a className="button" href={pending.url} ref={focus} target="_blank" rel="noreferrer">
            Open Kimi
          </a>
          <p className="waiting" role="status">
            Waiting for you to confirm…
          </p>
        </>
      ) : account?.signedIn ? (
        <>
          <p>{account.usesKey ? 'This server uses a Kimi key.' : 'You are signed in.'}</p>
          {!account.usesKey && (
            <button type="button" className="button quiet" onClick={signOut}>
              Sign out
            </button>
          )}
        </>
      ) : account ? (
        <>
          <p>Chat with your Kimi Code subscription. You confirm a code on a page of Kimi; no password comes here.</p>
          <button type="button" className="button" onClick={start}>
            {problem ? 'Start again' : 'Get a code'}
          </button>
        </>
      ) : (
        problem && (
          <button type="button" className="button" onClick={load}>
            Try again
          </button>
        )
      )}
      <Link href="/">Back to the chat</Link>
    </main>
  );
}

/** The button that had the focus is gone. */
function focus(link: HTMLAnchorElement | null) {
  link?.focus();
}

async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE'): Promise<Answer> {
  try {
    return (await (await fetch('/api/sign-in', { method })).json()) as Answer;
  } catch {
    // A poll that did not arrive is no answer: the next one may.
    return method === 'PUT' ? { status: 'pending' } : { status: 'failed', message: NO_ANSWER };
  }
}
