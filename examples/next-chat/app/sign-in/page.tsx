'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';

type Pending = { userCode: string; url: string; interval: number };
type Answer = Partial<Pending> & {
  status: 'pending' | 'slow_down' | 'done' | 'denied' | 'expired' | 'failed' | 'signed-out';
  message?: string;
};

const PROBLEMS = { denied: 'The sign-in was refused on the Kimi page.', expired: 'The code has expired before it was confirmed.' };

export default function SignIn() {
  const router = useRouter();
  const [account, setAccount] = useState<{ signedIn: boolean; usesKey: boolean }>();
  const [pending, setPending] = useState<Pending>();
  const [problem, setProblem] = useState('');

  useEffect(() => {
    fetch('/api/sign-in').then(response => response.json()).then(setAccount, () => setProblem('The server does not answer.'));
  }, []);

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
      {pending ? (
        <>
          <p>Open the page of Kimi, compare the code, and confirm.</p>
          <output className="code" aria-label="Code">{pending.userCode}</output>
          <a className="button" href={pending.url} target="_blank" rel="noreferrer">Open Kimi</a>
          <p className="waiting" role="status">Waiting for you to confirm…</p>
        </>
      ) : account?.signedIn ? (
        <>
          <p>{account.usesKey ? 'This server uses a Kimi key.' : 'You are signed in.'}</p>
          {!account.usesKey && <button type="button" className="button quiet" onClick={signOut}>Sign out</button>}
        </>
      ) : (
        <>
          <p>Chat with your Kimi Code subscription. You confirm a code on a page of Kimi; no password comes here.</p>
          {problem && <p className="problem" role="alert">{problem}</p>}
          <button type="button" className="button" disabled={!account} onClick={start}>{problem ? 'Start again' : 'Get a code'}</button>
        </>
      )}
      <Link href="/">Back to the chat</Link>
    </main>
  );
}

async function ask(method: 'POST' | 'PUT' | 'DELETE'): Promise<Answer> {
  try {
    return (await (await fetch('/api/sign-in', { method })).json()) as Answer;
  } catch {
    // A poll that did not arrive is no answer: the next one may.
    return method === 'PUT' ? { status: 'pending' } : { status: 'failed', message: 'The server does not answer.' };
  }
}
