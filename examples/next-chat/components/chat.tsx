'use client';

import { useChat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import Link from 'next/link';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ChatMessage } from '@/lib/chat-message';
import type { ModelChoice } from '@/lib/model-choices';
import { NO_ANSWER, SIGN_IN_FIRST } from '@/lib/problems';
import { saveChat, type SavedChat } from '@/lib/saved-chat';
import { Composer } from './composer';
import { Message } from './message';

const transport = new DefaultChatTransport<ChatMessage>({
  prepareSendMessagesRequest: ({ id, messages, body }) => ({
    api: body?.runtime === 'edge' ? '/api/chat-edge' : '/api/chat',
    body: { id, messages, model: body?.model, effort: body?.effort },
  }),
});

export function Chat({ saved, onNew }: { saved: SavedChat; onNew: () => void }) {
  // Until the account's models are known, the saved choice stands.
  const [models, setModels] = useState<ModelChoice[]>([
    { id: saved.model, name: saved.model, efforts: [...new Set(['auto', saved.effort])] },
  ]);
  const [wanted, setWanted] = useState({ model: saved.model, effort: saved.effort, runtime: saved.runtime });
  const chat = useChat<ChatMessage>({ id: saved.id, messages: saved.messages, transport });
  const { messages, status, error } = chat;
  const busy = status === 'submitted' || status === 'streaming';
  const last = messages.at(-1)?.role;
  // A question may stand alone: after a reload, a stop or a sign-in.
  const problem = error
    ? error instanceof TypeError
      ? NO_ANSWER
      : error.message
    : !busy && last === 'user'
      ? 'There is no answer yet.'
      : undefined;

  // What was saved may be gone from the account: offer what it has.
  const model = models.find(each => each.id === wanted.model) ?? models[0]!;
  const effort = model.efforts.includes(wanted.effort) ? wanted.effort : 'auto';
  const settings = { model: model.id, effort, runtime: wanted.runtime };

  useEffect(() => {
    fetch('/api/models')
      .then(response => response.json() as Promise<ModelChoice[]>)
      .then(
        choices => choices.length > 0 && setModels(choices),
        () => {},
      );
  }, []);

  useEffect(() => {
    // Not with each piece of an answer; but the question, as soon as it is asked.
    if (status !== 'streaming') {
      saveChat({ id: saved.id, messages, ...wanted });
    }
  }, [status, messages, saved.id, wanted]);

  // Follows the answer unless the reader has scrolled up from where it ended last. A new question is always followed.
  const list = useRef<HTMLElement>(null);
  const lastEnd = useRef(0);
  useLayoutEffect(() => {
    const { current } = list;
    if (current) {
      const end = current.scrollHeight - current.clientHeight;
      if (current.scrollTop > lastEnd.current - 60) {
        current.scrollTop = end;
      }
      lastEnd.current = end;
    }
  }, [messages, problem]);

  function send(text: string) {
    lastEnd.current = 0;
    void chat.sendMessage({ text }, { body: settings });
  }

  return (
    <div className="app">
      <header className="bar">
        <h1>Kimi</h1>
        <div className="pickers">
          <select
            aria-label="Model"
            value={model.id}
            onChange={event => setWanted({ ...wanted, model: event.target.value })}
          >
            {models.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <select
            aria-label="Effort"
            value={effort}
            onChange={event => setWanted({ ...wanted, effort: event.target.value })}
          >
            {model.efforts.map(each => (
              <option key={each} value={each}>
                Effort: {each}
              </option>
            ))}
          </select>
          <select
            aria-label="Runtime"
            value={wanted.runtime}
            onChange={event => setWanted({ ...wanted, runtime: event.target.value as SavedChat['runtime'] })}
          >
            <option value="node">Node</option>
            <option value="edge">Edge</option>
          </select>
        </div>
        <nav>
          <button type="button" className="plain" disabled={busy} onClick={onNew}>
            New chat
          </button>
          <Link href="/sign-in">Account</Link>
        </nav>
      </header>

      <main ref={list} className="messages" aria-label="Conversation">
        {messages.length === 0 && (
          <div className="empty">
            <h2>What are we working on?</h2>
            <p>Ask {model.name} something. How much it thinks is up to you.</p>
          </div>
        )}
        {messages.map(message => (
          <Message key={message.id} message={message} active={busy && message === messages.at(-1)} />
        ))}
        <p className={status === 'submitted' ? 'waiting' : 'unseen'} role="status">
          {status === 'submitted'
            ? 'Waiting for Kimi…'
            : status === 'streaming'
              ? 'Kimi answers…'
              : last === 'assistant' && 'Kimi has answered.'}
        </p>
        {problem && (
          <div className={error ? 'problem' : 'problem mild'} role="alert">
            <p>{problem}</p>
            <div>
              {problem === SIGN_IN_FIRST && (
                <Link className="button" href="/sign-in">
                  Sign in
                </Link>
              )}
              <button type="button" className="button quiet" onClick={() => chat.regenerate({ body: settings })}>
                Try again
              </button>
            </div>
          </div>
        )}
      </main>

      <Composer busy={busy} onStop={chat.stop} onSend={send} />
    </div>
  );
}
