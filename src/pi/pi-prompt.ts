/** pi's transcript in the AI SDK's words. Pure. */
import type {
  JSONSchema7,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ReasoningPart,
  LanguageModelV4ToolResultOutput,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';
import type { PiAI, PiAssistantMessage, PiImage, PiMessage, PiText, PiThinking, PiTool, PiToolResult } from './pi-api';
import { PROVIDER_ID } from './pi-models';

/** pi's own provider of the same service: what its models thought is Kimi's reasoning, too. */
const KIMI_PROVIDERS = [PROVIDER_ID, 'kimi-coding'];

/**
 * Later system messages stay where they are, so that what the server has cached in front of them counts on; Kimi takes
 * them (docs/wire.md#pi-providers). Which tools there are is told apart, as they are now.
 */
export function promptOf(
  messages: readonly PiMessage[],
  { acceptsImages, piAI }: { acceptsImages: boolean; piAI: PiAI },
): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  for (const [index, message] of messages.entries()) {
    switch (message.role) {
      case 'system': {
        const text = index === 0 ? piAI.getSystemMessageText(message) : piAI.renderSystemMessageUpdate(message);
        if (text !== '') {
          prompt.push({ role: 'system', content: text });
        }
        break;
      }
      case 'user':
        prompt.push({ role: 'user', content: partsOf(message.content, acceptsImages) });
        break;
      case 'assistant':
        prompt.push(...turnOf(message));
        break;
      case 'toolResult': {
        const last = prompt.at(-1);
        const result = resultOf(message, acceptsImages);
        if (last?.role === 'tool') {
          last.content.push(result);
        } else {
          prompt.push({ role: 'tool', content: [result] });
        }
      }
    }
  }
  return prompt;
}

export function toolsOf(tools: readonly PiTool[]): LanguageModelV4FunctionTool[] {
  return tools.map(({ name, description, parameters }) => ({
    type: 'function',
    name,
    description,
    // Without what a schema library keeps beside the schema.
    inputSchema: JSON.parse(JSON.stringify(parameters)) as JSONSchema7,
  }));
}

/**
 * A turn that failed or was stopped is left out, as pi's own providers do: it may end in the middle of a call, and the
 * model goes on from before. What another vendor's model thought is not told to this one.
 */
function turnOf({ content, provider, stopReason }: PiAssistantMessage): LanguageModelV4Message[] {
  if (stopReason === 'error' || stopReason === 'aborted') {
    return [];
  }
  const isKimi = KIMI_PROVIDERS.includes(provider);
  const parts = content.flatMap(
    (block): Array<Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][0]> => {
      switch (block.type) {
        case 'thinking':
          return isKimi ? reasoningOf(block) : [];
        case 'toolCall':
          return [{ type: 'tool-call', toolCallId: block.id, toolName: block.name, input: block.arguments }];
        default:
          return block.text === '' ? [] : [{ type: 'text', text: block.text }];
      }
    },
  );
  return parts.length === 0 ? [] : [{ role: 'assistant', content: parts }];
}

/** pi's own provider keeps something else there than we do; what is not ours is not given back. */
function reasoningOf({ thinking, thinkingSignature, redacted }: PiThinking): LanguageModelV4ReasoningPart[] {
  const providerOptions = metadataIn(thinkingSignature);
  if (redacted === true || (thinking === '' && providerOptions === undefined)) {
    return [];
  }
  return [{ type: 'reasoning', text: thinking, ...(providerOptions === undefined ? {} : { providerOptions }) }];
}

function metadataIn(text: string | undefined): SharedV4ProviderOptions | undefined {
  if (text?.startsWith('{') !== true) {
    return undefined;
  }
  try {
    return JSON.parse(text) as SharedV4ProviderOptions;
  } catch {
    return undefined;
  }
}

type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][0];

function partsOf(content: string | ReadonlyArray<PiText | PiImage>, acceptsImages: boolean): UserPart[] {
  return typeof content === 'string'
    ? [{ type: 'text', text: content }]
    : content.map(block => partOf(block, acceptsImages));
}

type Part = { type: 'text'; text: string } | { type: 'file'; mediaType: string; data: { type: 'data'; data: string } };

function partOf(block: PiText | PiImage, acceptsImages: boolean): Part {
  if (block.type === 'text') {
    return { type: 'text', text: block.text };
  }
  return acceptsImages
    ? { type: 'file', mediaType: block.mimeType, data: { type: 'data', data: block.data } }
    : { type: 'text', text: '(image left out: this model takes none)' };
}

function resultOf({ toolCallId, toolName, content, isError }: PiToolResult, acceptsImages: boolean) {
  return { type: 'tool-result' as const, toolCallId, toolName, output: outputOf(content, isError, acceptsImages) };
}

function outputOf(
  content: ReadonlyArray<PiText | PiImage>,
  isError: boolean,
  acceptsImages: boolean,
): LanguageModelV4ToolResultOutput {
  const texts = content.flatMap(block => (block.type === 'text' ? [block.text] : []));
  if (texts.length === content.length) {
    const value = texts.join('\n') || '(no output)';
    return isError ? { type: 'error-text', value } : { type: 'text', value };
  }
  return { type: 'content', value: content.map(block => partOf(block, acceptsImages)) };
}
