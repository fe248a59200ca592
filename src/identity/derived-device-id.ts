/**
 * A device id without a disk: the same for the same account in every process, in the form the client uses (32 hex for
 * kimi-cli, else dashed).
 */
export async function derivedDeviceId(client: 'kimi-cli' | 'kimi-code' | 'host', account: string): Promise<string> {
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`ai-sdk-provider-kimi device ${account}`)),
  );
  const bytes = digest.slice(0, 16);
  // Version 4, variant 1: both clients write UUIDv4 (wire.md 1.3).
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
  return client === 'kimi-cli' ? hex : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
