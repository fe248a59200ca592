/** Which hosts are this machine, and so which URLs show what they carry to nobody else. */

/** Whether a host name, as `URL.hostname` gives it, is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Plain http to another machine: whoever is on the way reads credential and prompts (docs/decisions.md#53-plain-http). */
export function isPlainHTTP({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isLoopbackHost(hostname);
}
