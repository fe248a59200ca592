/**
 * The other side, in a process of its own: hosts that fail in every way of faults.ts, and behind each a strict Kimi
 * (the simulator) per account, whose ledger knows every token. It sees which account a token belongs to and for which
 * account a prompt was written, and tells the run of all that happened to tokens.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startKimiSimulator, type KimiSimulator } from 'ai-sdk-provider-kimi/simulator';
import { deliver, type Answer } from './deliver.ts';
import { faultsOf, SLOW_TOKENS, type Endpoint, type Fault } from './faults.ts';
import { tokenName, type Login, type ServerCommand, type ServerReport, type ServerSettings } from './protocol.ts';

type Account = { login: Login; simulator: KimiSimulator; newest: string[] };
type Host = { server: Server; url: string; draw: Readonly<Record<Endpoint, () => Fault | undefined>> };
type Seen = { host: number; endpoint: Endpoint; path: string; worker: string; body: Buffer; message: IncomingMessage };

const settings = JSON.parse(process.argv[2] ?? '') as ServerSettings;
const accounts = new Map<string, Account>();
/** Whose each token is. */
const owners = new Map<string, Account>();
const hosts: Host[] = [];
let faults = settings.faults;

function report(message: ServerReport): void {
  process.send?.({ at: Date.now(), ...message });
}

for (const login of settings.logins) {
  const simulator = await startKimiSimulator({ tokenLifetime: secondsOf(login) });
  accounts.set(login.id, { login, simulator, newest: [] });
}
for (let host = 0; host < settings.hosts; host++) {
  const server = createServer((message, response) => {
    serve(host, message, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 30_000;
  const url = await listen(server, 0);
  const draw = (endpoint: Endpoint) => faultsOf(settings.seed, host, endpoint);
  hosts.push({ server, url, draw: { token: draw('token'), models: draw('models'), chat: draw('chat') } });
}
report({ type: 'listening', hosts: hosts.map(({ url }) => url) });

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function register(account: Account, access: string, refresh: string): void {
  owners.set(access, account);
  owners.set(refresh, account);
  account.newest = [access, refresh];
  report({ type: 'issued', login: account.login.id, access, refresh });
  report({ type: 'issued-until', token: tokenName(refresh), until: Date.now() + secondsOf(account.login) * 1000 });
}

function secondsOf({ host }: Login): number {
  return settings.tokenSeconds[host % settings.tokenSeconds.length]!;
}

function drawFault(host: number, endpoint: Endpoint): Fault | undefined {
  if (faults === 'slow-tokens') {
    return endpoint === 'token' ? SLOW_TOKENS : undefined;
  }
  return faults ? hosts[host]!.draw[endpoint]() : undefined;
}

async function serve(host: number, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(message.url ?? '/', 'http://localhost').pathname;
  const endpoint = path.endsWith('/token') ? 'token' : path.endsWith('/models') ? 'models' : 'chat';
  const worker = String(message.headers['x-chaos-worker'] ?? 'nobody');
  const fault = drawFault(host, endpoint);
  if (fault !== undefined) {
    const bearer = owners.get(/^Bearer (.+)$/.exec(message.headers.authorization ?? '')?.[1] ?? '');
    report({ type: 'fault', host, endpoint, fault: fault.name, worker, login: bearer?.login.id });
  }
  if (fault?.stage === 'before' && 'reset' in fault.act && fault.act.reset === 'before-body') {
    message.socket.destroy();
    return;
  }
  const packets: Buffer[] = [];
  for await (const packet of message) {
    packets.push(packet as Buffer);
  }
  const seen: Seen = { host, endpoint, path, worker, body: Buffer.concat(packets), message };
  const others = hosts.filter((_, index) => index !== host).map(({ url }) => url);
  const place = { request: seen.body, headers: message.headers, path, others };
  const account = identify(seen);
  const call = endpoint === 'chat' ? /call=([\w.-]+)/.exec(seen.body.toString())?.[1] : undefined;
  if (call !== undefined) {
    report({ type: 'chat-arrived', id: call, worker });
  }
  if (fault?.stage === 'before') {
    await deliver(response, { status: 200, headers: {}, body: Buffer.alloc(0) }, fault.act, place);
  } else if (endpoint === 'token') {
    await serveToken(seen, account, response, fault, place);
  } else {
    const answer = await ask(account, seen);
    noteCrossing(seen, account, answer);
    await deliver(response, answer, fault?.act, place);
  }
}

/** Whose token came, and whether it came to the host that issued it. */
function identify({ host, endpoint, path, worker, body, message }: Seen): Account | undefined {
  const token =
    endpoint === 'token'
      ? (new URLSearchParams(body.toString()).get('refresh_token') ?? '')
      : (/^Bearer (.+)$/.exec(message.headers.authorization ?? '')?.[1] ?? '');
  const account = owners.get(token);
  if (account !== undefined && account.login.host !== host) {
    report({ type: 'foreign-token', login: account.login.id, host, path, worker });
    return undefined;
  }
  return account;
}

function noteCrossing({ endpoint, body, worker }: Seen, account: Account | undefined, answer: Answer): void {
  const asked = endpoint === 'chat' ? /login=([\w-]+)/.exec(body.toString())?.[1] : undefined;
  if (asked !== undefined && account !== undefined && answer.status === 200 && asked !== account.login.id) {
    report({ type: 'crossed', login: account.login.id, asked, worker });
  }
}

/** The strict server's answer. Who has no token of ours is refused by any of them. */
async function ask(account: Account | undefined, { path, body, message }: Seen): Promise<Answer> {
  const { simulator } = account ?? [...accounts.values()][0]!;
  const headers = Object.entries(message.headers).flatMap(([name, value]): [string, string][] =>
    ['host', 'connection', 'content-length', 'transfer-encoding', 'x-chaos-worker', 'accept-encoding'].includes(name)
      ? []
      : [[name, String(value)]],
  );
  const answer = await fetch(simulator.url + path, {
    method: message.method ?? 'GET',
    headers,
    ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
  });
  const whole = { status: answer.status, headers: Object.fromEntries(answer.headers), body: await bytesOf(answer) };
  simulator.clearRequests();
  return whole;
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

async function serveToken(
  seen: Seen,
  account: Account | undefined,
  response: ServerResponse,
  fault: Fault | undefined,
  place: Parameters<typeof deliver>[3],
): Promise<void> {
  const sent = tokenName(new URLSearchParams(seen.body.toString()).get('refresh_token') ?? '');
  const { worker } = seen;
  const login = account?.login.id ?? 'unknown';
  report({ type: 'refresh-arrived', login, token: sent, worker });
  const reusesBefore = account?.simulator.reuses ?? 0;
  const answer = await ask(account, seen);
  if (account === undefined || answer.status !== 200) {
    const isReuse = account !== undefined && account.simulator.reuses > reusesBefore;
    report({ type: isReuse ? 'reused' : 'refused-chain', login, token: sent, worker });
    await deliver(response, answer, undefined, place);
    return;
  }
  const { access_token: access, refresh_token: refresh } = JSON.parse(answer.body.toString()) as Record<string, string>;
  register(account, access!, refresh!);
  report({ type: 'rotated', login, from: sent, to: tokenName(refresh!), worker, fault: fault?.name });
  const finished = await deliver(response, answer, fault?.act, place);
  const delivered = finished && fault?.delivers !== false;
  report({ type: 'rotation-answered', to: tokenName(refresh!), delivered, fault: fault?.name });
}

function signIn({ login, request }: Extract<ServerCommand, { do: 'sign-in' }>): void {
  const account = accounts.get(login)!;
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = account.simulator.signIn();
  register(account, access, refresh);
  report({ type: 'signed-in', login, request, access, refresh, seconds });
}

process.on('message', (command: ServerCommand) => {
  switch (command.do) {
    case 'sign-in':
      signIn(command);
      break;
    case 'expire-tokens':
      accounts.get(command.login)!.simulator.expireTokens();
      report({ type: 'expired', login: command.login });
      break;
    case 'revoke':
      accounts.get(command.login)!.simulator.revoke();
      report({ type: 'revoked', login: command.login });
      break;
    case 'host-down':
      hosts[command.host]!.server.close();
      hosts[command.host]!.server.closeAllConnections();
      break;
    case 'host-up':
      void listen(hosts[command.host]!.server, Number(new URL(hosts[command.host]!.url).port));
      break;
    case 'calm':
      faults = false;
  }
});
process.once('disconnect', () => process.exit(0));
