'use client';

import { useChat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import Link from 'next/link';
import { useEffect, useRef, useState } from 'react';
import type { ChatMessage } from '@/lib/chat-message';
import type { ModelChoice } from '@/lib/model-choices';
import { saveChat, type SavedChat } from '@/lib/saved-chat';
import { SIGN_IN_FIRST } from '@/lib/sign-in-first';
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

  // What was saved may be gone from the account: offer what it has.
  const model = models.find(each => each.id === wanted.model) ?? models[0]!;
  const effort = model.efforts.includes(wanted.effort) ? wanted.effort : 'auto';
  const settings = { model: model.id, effort, runtime: wanted.runtime };

  useEffect(() => {
    fetch('/api/models').then(response => response.json()).then(setModels, () => {});
  }, []);

  useEffect(() => {
    if (!busy) {
      saveChat({ id: saved.id, messages, ...wanted });
    }
  }, [busy, messages, saved.id, wanted]);

  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' });
  }, [messages, error]);

  return (
    <div className="app">
      <header className="bar">
        <h1>Kimi</h1>
        <div className="pickers">
          <select aria-label="Model" value={model.id} onChange={event => setWanted({ ...wanted, model: event.target.value })}>
            {models.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </select>
          <select aria-label="Effort" value={effort} onChange={event => setWanted({ ...wanted, effort: event.target.value })}>
            {model.efforts.map(each => <option key={each} value={each}>Effort: {each}</option>)}
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
          <button type="button" className="plain" disabled={busy} onClick={onNew}>New chat</button>
          <Link href="/sign-in">Account</Link>
        </nav>
      </header>

      <main className="messages" aria-label="Conversation" aria-busy={busy}>
        {messages.length === 0 && (
          <div className="empty">
            <h2>What are we working on?</h2>
            <p>Ask {model.name} something. How much it thinks is up to you.</p>
          </div>
        )}
        {messages.map(message => (
          <Message key={message.id} message={message} active={busy && message === messages.at(-1)} />
        ))}
        {status === 'submitted' && <p className="waiting" role="status">Waiting for Kimi…</p>}
        {error && (
          <div className="problem" role="alert">
            <p>{error.message}</p>
            <div>
              {error.message === SIGN_IN_FIRST && <Link className="button" href="/sign-in">Sign in</Link>}
              <button type="button" className="button quiet" onClick={() => chat.regenerate({ body: settings })}>Try again</button>
            </div>
          </div>
        )}
        <div ref={end} />
      </main>

      <Composer busy={busy} onStop={chat.stop} onSend={text => chat.sendMessage({ text }, { body: settings })} />
    </div>
  );
}
