'use client';

import { useState } from 'react';

export function Composer({
  busy,
  onSend,
  onStop,
}: {
  busy: boolean;
  onSend: (text: string) => void;
  onStop: () => void;
}) {
  const [text, setText] = useState('');

  function send() {
    if (!busy && text.trim() !== '') {
      onSend(text.trim());
      setText('');
    }
  }

  return (
    <form className="composer" onSubmit={event => (event.preventDefault(), send())}>
      <textarea
        aria-label="Message"
        placeholder="Message Kimi"
        rows={1}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          // Enter also ends the composition of a Chinese or Japanese word; that must not send.
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          }
        }}
      />
      {busy ? (
        <button type="button" className="button quiet" onClick={onStop}>
          Stop
        </button>
      ) : (
        <button type="submit" className="button" disabled={text.trim() === ''}>
          Send
        </button>
      )}
    </form>
  );
}
