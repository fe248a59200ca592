/** What `action` rejects with or throws; `undefined` when it does neither. */
export async function failure(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error;
  }
}
