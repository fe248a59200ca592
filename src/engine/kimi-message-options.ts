import type { JSONSchema7, SharedV4ProviderOptions } from '@ai-sdk/provider';
import { z } from 'zod/v4';
import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';

/** `providerOptions.kimi` of a message, also read under the provider's `name`. */
export type KimiMessageOptions = {
  /** On the last message, an assistant's: it is the beginning of the answer. Platform only. */
  partial?: boolean;
  /** Who speaks, for messages of system, user and assistant. Platform only. */
  name?: string;
  /**
   * On a system message with empty text: tools that the model has from here on, for models that load tools in
   * mid-conversation. To have the AI SDK run them, give them in `tools` of the call too.
   */
  tools?: ReadonlyArray<{ name: string; description?: string; inputSchema: JSONSchema7 }>;
};

const optionsSchema = z.object({
  partial: z.boolean().optional(),
  name: z.string().min(1).optional(),
  tools: z
    .array(
      z.object({
        name: z.string().min(1),
        description: z.string().optional(),
        inputSchema: z.custom<JSONSchema7>(isObject, 'expected a JSON Schema'),
      }),
    )
    .optional(),
});

/** Fields of the wire message that a message's options ask for. @throws KimiInvalidArgumentError for a bad value */
export function messageFields(
  providerOptions: SharedV4ProviderOptions | undefined,
  role: string,
  name: string,
): Record<string, unknown> {
  const parsed = optionsSchema.safeParse({ ...providerOptions?.kimi, ...providerOptions?.[name] });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${(issue?.path ?? []).join('.')}`, `is not valid: ${issue?.message ?? 'unknown reason'}`);
  }
  const { partial, name: speaker, tools } = parsed.data;
  if (tools !== undefined && role !== 'system') {
    throw invalid('tools', `belongs on a system message, not on one of the role ${role}`);
  }
  return {
    ...(partial === true ? { partial } : {}),
    ...(speaker === undefined || role === 'tool' ? {} : { name: speaker }),
    ...(tools === undefined ? {} : { tools: tools.map(wireTool) }),
  };
}

function wireTool({
  name,
  description,
  inputSchema,
}: {
  name: string;
  description?: string | undefined;
  inputSchema: JSONSchema7;
}) {
  return { type: 'function', function: { name, description, parameters: inputSchema } };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(field: string, reason: string): KimiInvalidArgumentError {
  const argument = `providerOptions.kimi.${field}`;
  return new KimiInvalidArgumentError({ argument, message: `${argument} of a message ${reason}.` });
}
