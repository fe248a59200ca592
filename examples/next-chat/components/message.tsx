import type { ChatMessage } from '@/lib/chat-message';

export function Message({ message, active }: { message: ChatMessage; active: boolean }) {
  const reasoning = message.parts.flatMap(part => (part.type === 'reasoning' ? [part] : []));
  const text = message.parts.flatMap(part => (part.type === 'text' ? [part.text] : [])).join('\n\n');
  const thinking = active && text === '';
  const seconds = message.metadata?.thoughtSeconds;

  return (
    <article className={message.role} aria-label={message.role === 'user' ? 'You' : 'Kimi'}>
      {reasoning.length > 0 && (
        <details className="reasoning">
          <summary>{thinking ? 'Thinking…' : seconds ? `Thought for ${seconds} s` : 'Reasoning'}</summary>
          <p>{reasoning.map(part => part.text).join('\n\n')}</p>
        </details>
      )}
      {text !== '' && <p className="text">{text}</p>}
    </article>
  );
}
