/** Made when it is asked for, once: zod's schemas take longer to make than all else that an import does. */
export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
