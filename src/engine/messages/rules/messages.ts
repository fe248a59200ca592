import { isBlank, ORIGIN, type BodyRule, type KimiChatMessage } from '../../request/body';
import { blocksOf, setWireMessages, wireMessages, type ContentBlock, type WireMessage } from '../messages-body';

export const mediaBlocks: BodyRule = {
  name: 'media-blocks',
  summary: 'Images and videos are blocks with a `source`: the bytes, or the `ms://` URL.',
  source: 'docs/wire.md#anthropic-media',
  apply(body) {
    for (const message of wireMessages(body)) {
      if (Array.isArray(message.content)) {
        message.content = (message.content as ContentBlock[]).map(mediaBlock);
      }
    }
  },
};

function mediaBlock(part: ContentBlock): ContentBlock {
  const url = ((part.image_url ?? part.video_url) as { url?: string } | undefined)?.url;
  if (url === undefined) {
    return part;
  }
  const type = part.type === 'video_url' ? 'video' : 'image';
  const [, mediaType] = /^data:([^;,]*);base64,/.exec(url.slice(0, 200)) ?? [];
  return mediaType === undefined
    ? { type, source: { type: 'url', url } }
    : { type, source: { type: 'base64', media_type: mediaType, data: url.slice(url.indexOf(',') + 1) } };
}

export const systemPrompt: BodyRule = {
  name: 'system-prompt',
  summary:
    'System messages at the beginning go as `system`; later ones as text of the user in `<system>`, as the official ' +
    'client sends them.',
  source: 'docs/wire.md#anthropic-roles',
  apply(body) {
    const messages = wireMessages(body);
    const first = messages.findIndex(({ role }) => role !== 'system');
    // A conversation has to have a message.
    const count = first === -1 ? messages.length - 1 : first;
    if (count > 0) {
      body.system = messages.slice(0, count).flatMap(({ content }) => blocksOf(content));
    }
    setWireMessages(
      body,
      messages.slice(Math.max(count, 0)).map(message => (message.role === 'system' ? asUser(message, first) : message)),
    );
  },
};

function asUser({ content }: WireMessage, first: number): WireMessage {
  const blocks = blocksOf(content);
  return {
    role: 'user',
    content:
      first === -1 ? blocks : blocks.map(block => ({ ...block, text: `<system>${String(block.text)}</system>` })),
  };
}

export const assistantBlocks: BodyRule = {
  name: 'assistant-blocks',
  summary:
    'Thinking, text and calls of an assistant are blocks in the order in which the model said them; a signature goes ' +
    'back as it came, thinking without one goes without.',
  source: 'docs/wire.md#anthropic-history, #thinking-signatures',
  apply(body) {
    for (const message of body.messages) {
      if (message.role === 'assistant') {
        const content = assistantContent(message);
        delete message.reasoning_content;
        delete message.tool_calls;
        message.content = content;
      }
    }
  },
};

function assistantContent(message: KimiChatMessage): ContentBlock[] {
  const calls = (message.tool_calls ?? []).map(callBlock);
  const { reasoning_content: reasoning } = message;
  const said = message[ORIGIN]?.blocks;
  if (said === undefined) {
    const thought = reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning }];
    return [...thought, ...blocksOf(message.content), ...calls];
  }
  let next = 0;
  return said.flatMap((block): ContentBlock[] => {
    switch (block.type) {
      case 'tool-call':
        return calls.slice(next, ++next);
      case 'text':
        return isBlank(block.text) ? [] : [block];
      case 'thinking':
        // A turn that reasoned, but said nothing, has the form that the endpoint takes.
        return [
          block.thinking === '' && block.signature === undefined ? { ...block, thinking: reasoning ?? '' } : block,
        ];
      case 'redacted_thinking':
        return [block];
    }
  });
}

function callBlock({ id, function: { name, arguments: input } }: NonNullable<KimiChatMessage['tool_calls']>[number]) {
  return { type: 'tool_use', id, name, input: inputOf(input) };
}

/** The wire takes objects only; what the model wrote and is none is told as a field of one. */
function inputOf(text: string): unknown {
  try {
    const input: unknown = JSON.parse(text);
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { input };
  } catch {
    return { input: text };
  }
}

export const toolResults: BodyRule = {
  name: 'tool-results',
  summary: 'Results of tools are blocks of the user, and say where they are an error.',
  source: 'docs/wire.md#anthropic-media, #anthropic-history',
  apply(body) {
    setWireMessages(
      body,
      body.messages.map((message): WireMessage => {
        if (message.role !== 'tool') {
          return message;
        }
        const { tool_call_id: id, content } = message;
        const isError = message[ORIGIN]?.isError === true;
        const result = { type: 'tool_result', tool_use_id: id, content, ...(isError ? { is_error: true } : {}) };
        return { role: 'user', content: [result] };
      }),
    );
  },
};

export const mergedTurns: BodyRule = {
  name: 'merged-turns',
  summary: 'Neighbouring messages of one role are one: all results of a turn stand in one message.',
  source: 'docs/wire.md#anthropic-roles, #anthropic-history',
  apply(body) {
    const merged: WireMessage[] = [];
    for (const message of wireMessages(body)) {
      const last = merged.at(-1);
      if (last?.role === message.role) {
        last.content = [...blocksOf(last.content), ...blocksOf(message.content)];
      } else {
        merged.push(message);
      }
    }
    setWireMessages(body, merged);
  },
};
