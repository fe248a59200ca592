/**
 * A request of the Anthropic wire in the words of chat completions. The server's own refusals show that it does the
 * same: they count messages, and speak of `reasoning_content`, as on chat (docs/wire.md#anthropic-history). So both
 * wires share the rules of what a body means, the answers and the usage
 * (docs/decisions.md#68-one-simulator-for-both-wires).
 */
import type { ContentBlock, MessagesBody } from './rules/messages-rule';
import { partsOf, type ChatBody, type ChatMessage, type ChatTool } from './rules/simulator-rule';

export function toChatBody(body: MessagesBody): ChatBody {
  const { tool_choice: choice, metadata } = body;
  const { effort, format } = body.output_config ?? {};
  const system = body.system === undefined ? [] : [{ role: 'system', content: contentOf(body.system) }];
  const thinking = { ...(body.thinking && { type: body.thinking.type }), ...(effort !== undefined && { effort }) };
  return {
    model: body.model,
    messages: [...system, ...body.messages.flatMap(chatMessages)],
    stream: body.stream,
    ...(body.tools !== undefined && { tools: toolsOf(body) }),
    ...(choice !== undefined && { tool_choice: toolChoiceOf(choice) }),
    ...(body.max_tokens !== undefined && { max_completion_tokens: body.max_tokens }),
    ...(Object.keys(thinking).length > 0 && { thinking }),
    ...(typeof metadata?.user_id === 'string' && { prompt_cache_key: metadata.user_id }),
    ...(format !== undefined &&
      format !== null && {
        response_format: { type: 'json_schema', json_schema: { schema: format.schema } },
      }),
  };
}

/** One message may be several: each tool result is one of its own. The order of the blocks is kept. */
function chatMessages({ role, content }: MessagesBody['messages'][number]): ChatMessage[] {
  if (typeof content === 'string') {
    return [{ role, content }];
  }
  const blocks = partsOf(content);
  if (role === 'assistant') {
    return [assistantMessage(blocks)];
  }
  const messages: ChatMessage[] = [];
  let run: ContentBlock[] = [];
  const flush = (): void => {
    if (run.length > 0) {
      messages.push({ role, content: run.map(partOf) });
    }
    run = [];
  };
  for (const block of blocks) {
    if (block.type === 'tool_result') {
      flush();
      messages.push({ role: 'tool', tool_call_id: block.tool_use_id, content: contentOf(block.content ?? '') });
    } else {
      run.push(block);
    }
  }
  flush();
  return messages.length > 0 ? messages : [{ role, content: '' }];
}

function assistantMessage(blocks: readonly ContentBlock[]): ChatMessage {
  const thoughts = blocks.filter(block => block.type === 'thinking');
  const calls = blocks.filter(block => block.type === 'tool_use');
  const rest = blocks.filter(block => block.type !== 'thinking' && block.type !== 'tool_use');
  return {
    role: 'assistant',
    ...(rest.length > 0 && { content: rest.map(partOf) }),
    ...(thoughts.length > 0 && { reasoning_content: thoughts.map(({ thinking }) => String(thinking ?? '')).join('') }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, input }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(input ?? {}) },
      })),
    }),
  };
}

function contentOf(content: unknown): unknown {
  return Array.isArray(content) ? partsOf(content).map(partOf) : content;
}

/** What chat does not know keeps its type, for the rules that refuse it. */
function partOf(block: ContentBlock): Record<string, unknown> {
  if (block.type === 'image' || block.type === 'video') {
    const kind = `${block.type}_url`;
    return { type: kind, [kind]: { url: urlOf(block.source) } };
  }
  const { cache_control: _cacheControl, ...part } = block;
  return part;
}

function urlOf(source: unknown): string {
  const { type, media_type: mediaType, data, url } = (source ?? {}) as Record<string, unknown>;
  return type === 'base64' ? `data:${String(mediaType)};base64,${String(data)}` : String(url ?? '');
}

/** Tools that the client runs; those that the server would run have no schema. */
function toolsOf({ tools }: MessagesBody): ChatTool[] {
  return (tools ?? [])
    .filter(({ type }) => type === undefined || type === 'custom')
    .map(({ name, description, input_schema: parameters, strict }) => ({
      type: 'function',
      function: { name, description, parameters, ...(strict !== undefined && { strict }) },
    }));
}

function toolChoiceOf({ type, name }: NonNullable<MessagesBody['tool_choice']>): unknown {
  if (type === 'tool') {
    return { type: 'function', function: { name } };
  }
  return type === 'any' ? 'required' : type;
}
