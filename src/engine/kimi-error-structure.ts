import { z } from 'zod/v4';

const errorObject = z.looseObject({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});

/**
 * Every error body Kimi is known to send, as one shape: `{error: {message, type}}`, `{error: "…"}`, `{error_description}`, `{message}`
 * (wire.md 8.2). One shape, because openai-compatible looks for the key `error` in stream chunks too.
 */
const errorSchema = z.union([
  z.looseObject({ error: errorObject }),
  z.looseObject({ error: z.string(), error_description: z.string() }).transform(body => ({ error: { message: body.error_description, type: body.error } })),
  z.looseObject({ error: z.string() }).transform(body => ({ error: { message: body.error } })),
  errorObject.extend({ message: z.string() }).transform(body => ({ error: body })),
]);

/** Reads Kimi's error bodies. */
export const kimiErrorStructure = {
  errorSchema,
  errorToMessage({ error }: z.infer<typeof errorSchema>): string {
    const { message, type, code } = error as z.infer<typeof errorObject>;
    return message ?? type ?? (code === null || code === undefined ? 'Kimi answered with an error without a text.' : String(code));
  },
};
