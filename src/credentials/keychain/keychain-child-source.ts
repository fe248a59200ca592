/**
 * The program of the one-shot child that does every native keychain call (docs/decisions.md#14-keychain-in-a-child).
 * Plain text, because it must run from our sources, from the built package and from an app's bundle alike. It takes a
 * `KeychainRequest` on stdin and prints a `KeychainAnswer`.
 *
 * Never calls `findCredentials`: keytar's crashes on a locked keyring (docs/wire.md#locked-keyrings-crash-keytar).
 */
export const KEYCHAIN_CHILD_SOURCE = String.raw`
// Ctrl-C reaches the whole group of a terminal: the parent decides when a save ends.
process.on('SIGINT', () => {});
const { execFileSync } = require('node:child_process');
const isLinux = process.platform !== 'darwin' && process.platform !== 'win32';
const options = { linux: { store: 'secret-service' } };

function open({ name, path }) {
  const native = require(path);
  if (name === 'keytar') {
    return {
      name,
      get: (service, account) => native.getPassword(service, account),
      set: (service, account, value) => native.setPassword(service, account, value),
      delete: (service, account) => native.deletePassword(service, account),
    };
  }
  const entry = (service, account) => new native.Entry(service, account, options);
  return {
    name,
    get: async (service, account) => entry(service, account).getPassword(),
    set: async (service, account, value) => entry(service, account).setPassword(value),
    delete: async (service, account) => entry(service, account).deletePassword(),
  };
}

class Failure extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

function run(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const SECRETS = 'org.freedesktop.secrets';
const ROOT = '/org/freedesktop/secrets';

/** The output of a D-Bus call by whichever tool is there, or undefined. */
function dbus(gdbus, busctl) {
  for (const [command, args] of [['gdbus', ['call', '--session', '--dest', SECRETS, ...gdbus]], ['busctl', ['--user', ...busctl]]]) {
    try {
      return run(command, args);
    } catch {}
  }
}

/** true, false, or undefined where no tool can tell. Where there is no collection at all, nothing is locked. */
function isLocked() {
  const api = SECRETS.replace('secrets', 'Secret');
  const alias = dbus(
    ['--object-path', ROOT, '--method', api + '.Service.ReadAlias', 'default'],
    ['call', SECRETS, ROOT, api + '.Service', 'ReadAlias', 's', 'default'],
  );
  const collection = /['"](\/[^'"]*)['"]/.exec(alias ?? '')?.[1];
  if (collection === undefined) return undefined;
  if (collection === '/') return false;
  const locked = dbus(
    ['--object-path', collection, '--method', 'org.freedesktop.DBus.Properties.Get', api + '.Collection', 'Locked'],
    ['get-property', SECRETS, collection, api + '.Collection', 'Locked'],
  );
  return locked === undefined ? undefined : /true/.test(locked);
}

let isConfirmed = !isLinux;
async function confirmUnlocked(library, service) {
  if (isConfirmed) return;
  const locked = isLocked();
  if (locked) throw new Failure('locked', 'the default collection is locked');
  if (locked === undefined) {
    // The last resort, because it may ask the user to make a keyring: a locked collection refuses a write.
    await library.set(service, 'probe', 'probe');
    await library.delete(service, 'probe');
  }
  isConfirmed = true;
}

/**
 * An item of the library that is not there: keytar names the account "account", @napi-rs/keyring "username"
 * (docs/wire.md#keychain-item-names).
 */
function rescue(command, service, account, own) {
  const attribute = own === 'keytar' ? 'username' : 'account';
  try {
    const value = run('secret-tool', [command, 'service', service, attribute, account]);
    return command === 'lookup' ? value || null : true;
  } catch (error) {
    // It says nothing where nothing is found.
    const said = /^secret-tool: .*/m.exec(String(error.stderr))?.[0];
    if (said !== undefined) throw new Error(said);
    if (error.code !== 'ENOENT') return null;
  }
  const found = dbus(
    ['--object-path', ROOT, '--method', 'org.freedesktop.Secret.Service.SearchItems', JSON.stringify({ service, [attribute]: account }).replaceAll('"', "'")],
    ['call', SECRETS, ROOT, 'org.freedesktop.Secret.Service', 'SearchItems', 'a{ss}', '2', 'service', service, attribute, account],
  );
  if (command === 'lookup' && /secrets\/collection\//.test(found ?? '')) {
    throw new Failure('unreadable', own === 'keytar' ? '@napi-rs/keyring' : 'keytar');
  }
  return null;
}

async function take(step, loaded, service) {
  const library = loaded[step.library];
  if (library === undefined) {
    if (!isLinux || step.op === 'set') return null;
    if (step.op === 'delete') return rescue('clear', service, step.account, loaded[0].name);
    return step.optional ? null : rescue('lookup', service, step.account, loaded[0].name);
  }
  if (step.op === 'set') {
    await library.set(service, step.account, step.value);
    return null;
  }
  const ask = async () => (await library[step.op](service, step.account)) ?? null;
  const result = await ask();
  if (!step.confirm || isConfirmed || (result !== null && result !== false)) return result;
  await confirmUnlocked(library, service);
  // Unlocked since when? What was found before may be what a locked keyring shows.
  return ask();
}

async function answer(request) {
  const { service, steps } = request;
  const loaded = [];
  const problems = [];
  for (const library of request.libraries) {
    try {
      loaded.push(open(library));
    } catch (error) {
      problems.push(library.name + ': ' + String(error.message).split('\n')[0]);
    }
  }
  if (loaded.length === 0) throw new Failure('missing', problems.join('; '));
  const results = [];
  for (const step of steps) {
    const isNeeded = step.unless === undefined || results[step.unless] === null;
    results.push(isNeeded ? await take(step, loaded, service).catch((error) => {
      if (!step.optional) throw error;
      return null;
    }) : null);
  }
  return { ok: true, results, loaded: loaded.map(({ name }) => name) };
}

function kindOf(message) {
  if (/disconnected from message bus|NoReply|The name :[\d.]+ was not provided/i.test(message)) return 'ended';
  if (/locked|prompt was dismissed|Dismissed|interaction is not allowed/i.test(message)) return 'locked';
  if (/D-?Bus|zbus|org\.freedesktop\.secrets|could not connect|\.service files|autolaunch|transport|no such (file|interface)/i.test(message)) return 'unavailable';
  return 'failed';
}

// Ends itself without any exit handler: a native library's may wait for a bus that is gone.
function print(value) {
  process.stdout.write('\n' + JSON.stringify(value) + '\n', () => process.kill(process.pid, 'SIGKILL'));
}

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => (input += chunk));
process.stdin.on('end', () => {
  answer(JSON.parse(input)).then(print, (error) => {
    const message = String(error?.message ?? error).split('\n').join(' ').slice(0, 300);
    print({ ok: false, kind: error?.kind ?? kindOf(message), message });
  });
});
`;
