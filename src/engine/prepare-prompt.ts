import type { LanguageModelV4FilePart, LanguageModelV4Message, LanguageModelV4Prompt, SharedV4ProviderOptions } from '@ai-sdk/provider';

/**
 * The prompt as openai-compatible may see it. It spreads `providerOptions.openaiCompatible` of messages and parts into the wire message,
 * so all provider options are taken off, but for the reasoning that a host moved there (opencode does so for models marked
 * `interleaved`, clients.md 4). Files uploaded to Kimi become the `ms://` URLs that Kimi takes (wire.md 6.6).
 */
export function preparePrompt(prompt: LanguageModelV4Prompt, name: string): LanguageModelV4Prompt {
  return prompt.map(({ providerOptions, ...message }): LanguageModelV4Message => {
    switch (message.role) {
      case 'system':
        return message;
      case 'user':
        return { ...message, content: message.content.map(part => (part.type === 'file' ? prepareFile(part, name) : withoutOptions(part))) };
      case 'assistant': {
        const moved = movedReasoning(providerOptions);
        const content = message.content.map(withoutOptions);
        return moved === undefined || content.some(part => part.type === 'reasoning' && part.text !== '')
          ? { ...message, content }
          : { ...message, content, providerOptions: { openaiCompatible: { reasoning_content: moved } } };
      }
      case 'tool':
        return {
          ...message,
          content: message.content.map(part =>
            part.type === 'tool-result' && part.output.type === 'content'
              ? withoutOptions({
                  ...part,
                  output: {
                    ...part.output,
                    value: part.output.value
                      .filter(item => item.type !== 'custom')
                      .map(item => (item.type === 'file' ? prepareFile(item, name) : withoutOptions(item))),
                  },
                })
              : withoutOptions(part),
          ),
        };
    }
  });
}

function movedReasoning(providerOptions: SharedV4ProviderOptions | undefined): string | undefined {
  const reasoning = providerOptions?.openaiCompatible?.reasoning_content;
  return typeof reasoning === 'string' && reasoning !== '' ? reasoning : undefined;
}

function withoutOptions<T extends { providerOptions?: SharedV4ProviderOptions }>({ providerOptions: _, ...part }: T): T {
  return part as T;
}

function prepareFile<T extends Pick<LanguageModelV4FilePart, 'data' | 'mediaType'> & { providerOptions?: SharedV4ProviderOptions }>(part: T, name: string): T {
  const file = withoutOptions(part);
  if (file.data.type !== 'reference') {
    return file;
  }
  const id = file.data.reference[name] ?? file.data.reference.kimi;
  return id === undefined ? file : { ...file, data: { type: 'url', url: new URL(id.startsWith('ms://') ? id : `ms://${id}`) } };
}
