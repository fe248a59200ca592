import { parseJsonEventStream } from '@ai-sdk/provider-utils';
import { z } from 'zod';
import { createChatStreamFetch } from '../../src/stream/chat/chat-stream-fetch';
import type { ServerChunks } from '../../src/stream/server-chunks';

/** What a chat stream says, neighbours of one kind joined: it must not matter how a delta was cut. */
export type Said = [kind: string, ...rest: unknown[]];

type Delta = {
  content?: string | null;
  reasoning_content?: string | null;
  tool_calls?: Array<{ index?: number; id?: string; function?: { name?: string; arguments?: string } }>;
};
type Chunk = { choices?: Array<{ delta?: Delta; finish_reason?: string | null }>; usage?: unknown; error?: unknown };

const CHUNK = z.custom<Chunk>();

/** Reads `stream` with the parser that openai-compatible uses, which is eventsource-parser's. */
export async function saidBy(stream: ReadableStream<Uint8Array>): Promise<Said[]> {
  const said: Said[] = [];
  const say = (kind: string, text: string, ...key: unknown[]) => {
    const last = said.at(-1);
    if (last?.[0] === kind && JSON.stringify(last.slice(2)) === JSON.stringify(key)) {
      last[1] = `${String(last[1])}${text}`;
    } else {
      said.push([kind, text, ...key]);
    }
  };
  for await (const result of parseJsonEventStream({ stream, schema: CHUNK })) {
    if (!result.success) {
      said.push(['invalid']);
      continue;
    }
    const { choices, usage, error } = result.value;
    const { delta, finish_reason } = choices?.[0] ?? {};
    if (error !== undefined) {
      said.push(['error', error]);
    }
    if (delta?.reasoning_content) {
      say('reasoning', delta.reasoning_content);
    }
    if (delta?.content) {
      say('text', delta.content);
    }
    for (const call of delta?.tool_calls ?? []) {
      say('tool', call.function?.arguments ?? '', call.index, call.id, call.function?.name);
    }
    if (finish_reason) {
      said.push(['finish', finish_reason]);
    }
    if (usage) {
      said.push(['usage', usage]);
    }
  }
  return said;
}

/** `bytes` in packets, cut at `cuts`; one packet per read. */
export function inPackets(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const edges = [...new Set([0, ...cuts, bytes.length])].toSorted((a, b) => a - b);
  let next = 1;
  return new ReadableStream(
    {
      pull(controller) {
        if (next < edges.length) {
          controller.enqueue(bytes.slice(edges[next - 1], edges[next]));
          next++;
        } else {
          controller.close();
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** `body` behind the fetch under test. */
export async function rewritten(
  body: ReadableStream<Uint8Array>,
  { serverChunks, generateId = () => 'made-1' }: { serverChunks?: ServerChunks; generateId?: () => string } = {},
): Promise<ReadableStream<Uint8Array>> {
  const fetch = createChatStreamFetch({
    fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }),
    generateId,
    serverChunks,
  });
  const { body: result } = await fetch('http://127.0.0.1/');
  if (result === null) {
    throw new Error('The answer has no body.');
  }
  return result;
}

export function event(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export function delta(fields: object, more: object = {}): string {
  return event({ id: 'chat-1', choices: [{ index: 0, delta: fields, ...more }] });
}
