'use client';

import { useEffect, useState } from 'react';
import { Chat } from '@/components/chat';
import { loadChat, newChat, type SavedChat } from '@/lib/saved-chat';

export default function Page() {
  const [chat, setChat] = useState<SavedChat>();

  // The server has no localStorage, so the saved chat is read after the page has loaded.
  useEffect(() => setChat(loadChat()), []);

  return (
    chat && <Chat key={chat.id} saved={chat} onNew={() => setChat({ ...loadChat(), id: newChat().id, messages: [] })} />
  );
}
