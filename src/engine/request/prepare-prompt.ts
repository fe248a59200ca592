import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultPart,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';
import { movedReasoning } from '../../hosts/opencode/call';
import { messageFields } from '../options';
import { ORIGIN, type AssistantBlock, type MessageOrigin } from './body';

type AssistantMessage = Extract<LanguageModelV4Message, { role: 'assistant' }>;
type FilePart = Pick<LanguageModelV4FilePart, 'data' | 'mediaType'> & { providerOptions?: SharedV4ProviderOptions };
type ToolMessage = Extract<LanguageModelV4Message, { role: 'tool' }>;
type MessageFields = Record<string, unknown> & { [ORIGIN]?: MessageOrigin };

/**
 * The prompt as openai-compatible may see it. It spreads `providerOptions.openaiCompatible` of messages and parts into
 * the wire message, so all provider options are taken off, and only what Kimi takes is put there: fields of
 * `KimiMessageOptions`, and reasoning. Files uploaded to Kimi become the `ms://` URLs that Kimi takes
 * (docs/wire.md#file-uploads). `developer` becomes `system`, the only role for instructions
 * (docs/wire.md#message-roles).
 *
 * @param name the provider's `name`, whose options count beside those of `kimi`
 */
export function preparePrompt(prompt: LanguageModelV4Prompt, name: string): LanguageModelV4Prompt {
  return prompt.flatMap((original): LanguageModelV4Message[] => {
    const isDeveloper = (original.role as string) === 'developer';
    const { providerOptions, ...message } = isDeveloper
      ? ({ ...original, role: 'system' } as LanguageModelV4Message)
      : original;
    const fields = messageFields(providerOptions, message.role, name);
    switch (message.role) {
      case 'system':
        return [{ ...message, ...spread(fields) }];
      case 'user': {
        const content = message.content.map(part =>
          part.type === 'file' ? prepareFile(part, name) : withoutOptions(part),
        );
        const [first] = content;
        // Of a text alone openai-compatible spreads the part's fields, not the message's.
        return content.length === 1 && first?.type === 'text'
          ? [{ ...message, content: [{ ...first, ...spread(fields) }] }]
          : [{ ...message, content, ...spread(fields) }];
      }
      case 'assistant':
        return prepareAssistant(
          message,
          { ...reasoningField(message, providerOptions), ...originOf(message, name), ...fields },
          name,
        );
      case 'tool':
        return [
          {
            ...message,
            content: message.content.map(part =>
              part.type === 'tool-result' ? prepareResult(part, name) : withoutOptions(part),
            ),
          },
        ];
    }
  });
}

/** Results of tools that another provider ran stand in its own message; here they follow it, as all results do. */
function prepareAssistant(message: AssistantMessage, fields: MessageFields, name: string): LanguageModelV4Message[] {
  const results = message.content.filter(part => part.type === 'tool-result').map(part => prepareResult(part, name));
  const content = message.content.filter(part => part.type !== 'tool-result').map(withoutOptions);
  const assistant: AssistantMessage = { ...message, content, ...spread(fields) };
  return results.length === 0 ? [assistant] : [assistant, { role: 'tool', content: results } satisfies ToolMessage];
}

/**
 * Reasoning that openai-compatible would lose: what a host moved to the message's options (opencode does so for models
 * marked `interleaved`, docs/wire.md#opencode-and-reasoning), and the empty reasoning of a turn that reasoned, but said
 * nothing (docs/wire.md#empty-reasoning).
 */
function reasoningField(
  { content }: AssistantMessage,
  providerOptions: SharedV4ProviderOptions | undefined,
): { reasoning_content?: string } {
  const reasoning = content.filter(part => part.type === 'reasoning');
  if (reasoning.some(part => part.text !== '')) {
    return {};
  }
  const moved = movedReasoning(providerOptions);
  if (moved !== undefined) {
    return { reasoning_content: moved };
  }
  return reasoning.length > 0 ? { reasoning_content: '' } : {};
}

function prepareResult(part: LanguageModelV4ToolResultPart, name: string): LanguageModelV4ToolResultPart {
  if (part.output.type !== 'content') {
    const isError = part.output.type === 'error-text' || part.output.type === 'error-json';
    return { ...withoutOptions(part), ...(isError ? spread({ [ORIGIN]: { isError } }) : {}) };
  }
  const value = part.output.value
    .filter(item => item.type !== 'custom')
    .map(item => (item.type === 'file' ? prepareFile(item, name) : withoutOptions(item)));
  return withoutOptions({ ...part, output: { ...part.output, value } });
}

function spread(fields: MessageFields): { providerOptions?: SharedV4ProviderOptions } {
  return Reflect.ownKeys(fields).length === 0 ? {} : { providerOptions: { openaiCompatible: fields as never } };
}

/**
 * The order of what the model said, and the signatures of its thinking, where it thought: a chat message has one text
 * and one reasoning, the Anthropic wire has blocks.
 */
function originOf({ content }: AssistantMessage, name: string): { [ORIGIN]?: MessageOrigin } {
  return content.some(part => part.type === 'reasoning')
    ? { [ORIGIN]: { blocks: content.flatMap(part => blockOf(part, name)) } }
    : {};
}

function blockOf(part: AssistantMessage['content'][number], name: string): AssistantBlock[] {
  switch (part.type) {
    case 'reasoning': {
      const { signature, redactedData } = { ...part.providerOptions?.kimi, ...part.providerOptions?.[name] };
      return typeof redactedData === 'string'
        ? [{ type: 'redacted_thinking', data: redactedData }]
        : [{ type: 'thinking', thinking: part.text, ...(typeof signature === 'string' ? { signature } : {}) }];
    }
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'tool-call':
      return [{ type: 'tool-call' }];
    default:
      return [];
  }
}

function withoutOptions<T extends { providerOptions?: SharedV4ProviderOptions }>({
  providerOptions: _,
  ...part
}: T): T {
  return part as T;
}

function prepareFile<T extends FilePart>(part: T, name: string): T {
  const file = withoutOptions(part);
  if (file.data.type !== 'reference') {
    return markUnsupportedFile(file);
  }
  const id = file.data.reference[name] ?? file.data.reference.kimi;
  if (id === undefined) {
    return file;
  }
  return markUnsupportedFile({
    ...file,
    data: { type: 'url', url: new URL(id.startsWith('ms://') ? id : `ms://${id}`) },
  });
}

/**
 * The type under which a file that Kimi does not take reaches the body rule `media`, which decides what becomes of it.
 */
export const UNSUPPORTED_FILE = 'unsupported_file';

/** Kinds that openai-compatible may turn into what Kimi takes. */
const KINDS = ['image', 'video', 'text'];

/**
 * The same file, where it is an image, a video or text. Anything else openai-compatible would refuse, or send as what
 * Kimi does not know; it goes as an empty text whose type its metadata overwrites.
 */
function markUnsupportedFile<T extends Pick<LanguageModelV4FilePart, 'data' | 'mediaType'>>(file: T): T {
  const kind = file.mediaType.split('/')[0] ?? '';
  if (KINDS.includes(kind) && (file.data.type !== 'text' || kind === 'text')) {
    return file;
  }
  return {
    ...file,
    mediaType: 'text/plain',
    data: { type: 'text', text: '' },
    providerOptions: { openaiCompatible: { type: UNSUPPORTED_FILE, media_type: file.mediaType } },
  };
}
