import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json';
import { MODEL_ROWS, type ModelRow } from '../../src/models/model-rows';
import * as vendor from '../../src/upstream';
import { clientFindings } from '../../upstream/compare-client';
import { catalogFinding, piFindings } from '../../upstream/compare-models';
import { majorFinding, versionFinding } from '../../upstream/compare-versions';
import { exitCode, type Finding } from '../../upstream/finding';
import { pins } from '../../upstream/pins';
import { openRegistry } from '../../upstream/registry';
import { report } from '../../upstream/report';
import { startRegistry, type ServedPackage } from './registry-server';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(`${root}/${file}`, 'utf8');
const moved = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state !== 'same').map(({ fact, found, change }) => [fact, found, change]);

/** What the official client's bundle has of the pinned strings, in its spelling. */
const CLIENT = [
  `clientId: "${vendor.OAUTH_CLIENT_ID}"`,
  ...Object.values(vendor.OAUTH_HOSTS),
  ...Object.values(vendor.API_BASE_URLS).flatMap(regions => Object.values(regions)),
  `\`\${host}${vendor.DEVICE_AUTHORIZATION_PATH}\``,
  `\`\${host}${vendor.TOKEN_PATH}\``,
  `CLI_USER_AGENT_PRODUCT = "${vendor.KIMI_CODE.userAgentProduct}"`,
  `KIMI_CODE_PLATFORM = "${vendor.KIMI_CODE.platform}"`,
  ...Object.values(vendor.IDENTITY_HEADERS).map(name => `"${name}": value,`),
  '{ "X-Msh-Tool-Call-Id": id }',
  `"${vendor.TRACE_ID_HEADER}"`,
].join('\n');

/** pi-ai's data, as it would be if it were ours. */
function piData(service: 'coding' | 'platform', change: (models: Record<string, object>) => void = () => {}): string {
  const rows: readonly ModelRow[] = MODEL_ROWS[service];
  const models = Object.fromEntries(
    rows.flatMap(({ id, price, contextWindow: window, efforts = [], image }) =>
      price === undefined
        ? []
        : [
            [
              `chat:${id}`,
              {
                id,
                cost: { input: price.input, output: price.output, cacheRead: price.cachedInput, cacheWrite: 0 },
                contextWindow: window,
                input: image ? ['text', 'image'] : ['text'],
                thinkingLevelMap: { off: null, ...Object.fromEntries(efforts.map(effort => [effort, effort])) },
              },
            ],
          ],
    ),
  );
  change(models);
  return JSON.stringify({ 'openai-completions': models });
}

describe('the official client', () => {
  it('is as it is pinned', () => {
    expect(moved(clientFindings(CLIENT))).toEqual([]);
  });

  it.each([
    ['X-Msh-* headers', '"X-Msh-Device-Id"', '"X-Msh-Machine-Id"', '+ X-Msh-Machine-Id, - X-Msh-Device-Id'],
    ['X-Msh-* headers', '"X-Msh-Version"', '"X-Msh-Version", "X-Msh-Trust"', '+ X-Msh-Trust'],
    ['OAuth client id', vendor.OAUTH_CLIENT_ID, '00000000-d194-4dfb-9706-5516cb48c098', '+ 00000000-'],
    ['OAuth paths', '/api/oauth/token', '/api/oauth/token_v2', '+ /api/oauth/token_v2, - /api/oauth/token'],
    ['OAuth hosts', 'https://auth.kimi.ai', 'https://auth.kimi.com', '- https://auth.kimi.ai'],
    ['API bases', 'api.kimi.com/coding/v1', 'api.kimi.com/coding/v2', '+ https://api.kimi.com/coding/v2, - '],
    ['User-Agent product', 'PRODUCT = "kimi-code-cli"', 'PRODUCT = "kimi"', '+ kimi, - kimi-code-cli'],
    ['platform', 'KIMI_CODE_PLATFORM = ', 'KIMI_PLATFORM = ', '- kimi_code_cli'],
    ['trace header', '"x-trace-id"', '"x-request-id"', '- x-trace-id'],
  ])('has other %s', (fact, from, to, found) => {
    const text = CLIENT.replace(from, to);
    expect(text).not.toBe(CLIENT);
    expect(moved(clientFindings(text))).toEqual([
      [`kimi-code: ${fact}`, expect.stringContaining(found), 'src/upstream.ts'],
    ]);
  });
});

describe('the models of others', () => {
  type PiModel = { id: string; cost: { cacheRead: number }; contextWindow: number; thinkingLevelMap: object };

  it.each<[string, string, (models: Record<string, PiModel>) => void, string]>([
    ['a changed price', 'k3: price', ({ 'chat:k3': k3 }) => k3 && (k3.cost.cacheRead = 0.25), '3 / 15 / 0.25'],
    ['another window', 'k3: window', ({ 'chat:k3': k3 }) => k3 && (k3.contextWindow = 2_097_152), '2097152'],
    [
      'a new effort',
      'k3: efforts',
      ({ 'chat:k3': k3 }) => k3 && (k3.thinkingLevelMap = { ...k3.thinkingLevelMap, medium: 'medium' }),
      '+ medium',
    ],
    [
      'a new model',
      'pi-ai: coding models',
      models => (models['chat:k4'] = { ...(models['chat:k3'] as PiModel), id: 'k4' }),
      '+ k4',
    ],
    ['one that is gone', 'pi-ai: coding models', models => delete models['chat:k3-256k'], '- k3-256k'],
  ])('have %s', (_, fact, change, found) => {
    expect(moved(piFindings('coding', piData('coding')))).toEqual([]);
    const data = piData('coding', change as never);
    expect(moved(piFindings('coding', data))).toEqual([[fact, found, 'src/models/model-rows.ts']]);
  });

  it('are refused in another shape, and where a name could do harm', () => {
    expect(() => piFindings('coding', '{"openai-completions":{"chat:k3":{"id":"k3"}}}')).toThrow();
    const hostile = piData('platform', models => Object.assign(models['chat:kimi-k3'] as object, { id: '\x1b[2J' }));
    expect(() => piFindings('platform', hostile)).toThrow();
  });

  it('have new ids in the types of the AI SDK', () => {
    const types = "type Id = 'moonshot-v1-8k' | 'kimi-k3' | 'moonshotai/kimi-k2.6' | 'alibaba/qwen3-max' | 'k3'";
    expect(moved([catalogFinding('x', types)])).toEqual([]);
    expect(moved([catalogFinding('x', `${types} | 'moonshotai/kimi-k4' | 'k4-pro'`)])).toEqual([
      ['x: model ids', '+ kimi-k4, + k4-pro', 'src/models/model-rows.ts'],
    ]);
    // A file that has none any more is looked at in vain.
    expect(moved([catalogFinding('x', 'type Id = string')])).toHaveLength(1);
  });
});

describe('versions', () => {
  const five = { name: 'ai', version: '5.0.9', line: '5', change: 'package.json' };
  const seven = { name: 'ai', version: '7.0.10', line: '7', change: 'package.json' };

  it('count by line, and without pre-releases', () => {
    const all = ['5.0.9', '5.0.10', '50.0.0', '6.0.1', '7.0.10', '7.0.9', '7.1.0-beta.1'];
    expect(versionFinding(five, { latest: '7.0.10', all })).toMatchObject({ state: 'moved', found: '5.0.10' });
    expect(versionFinding(seven, { latest: '7.0.10', all })).toMatchObject({ state: 'same' });
    expect(majorFinding([five, seven], { latest: '7.0.10', all })).toMatchObject({ state: 'same' });
    expect(majorFinding([five, seven], { latest: '8.0.0', all })).toMatchObject({ state: 'moved', found: '8' });
  });

  it('are read where they stand, and missed aloud where they no longer do', () => {
    const found = pins(read);
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['@moonshot-ai/kimi-code', 'opencode-ai', '@earendil-works/pi-ai', '@ai-sdk/provider']),
    );
    expect(found.filter(({ name }) => name === 'ai').map(({ line }) => line)).toEqual(['7', '6', '5']);
    expect(found.filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const { dependencies, devDependencies } = manifest;
    const pinned = found.map(({ name, version }) => `${name}@${version}`);
    for (const [alias, specifier] of Object.entries({ ...devDependencies, ...dependencies })) {
      const named = specifier.startsWith('npm:') ? specifier.slice('npm:'.length) : `${alias}@${specifier}`;
      if (/^(?:ai|@ai-sdk\/.+)@/.test(named)) {
        expect(pinned).toContain(named);
      }
    }
    expect(() => pins(file => (file.endsWith('.ts') ? '' : read(file)))).toThrow(/install-opencode\.ts/);
    expect(() => pins(file => read(file).replace('npm:ai@5', 'npm:ai@^5'))).toThrow(/ai-v5/);
  });
});

it('ends with 1 where something moved, else with 2 where it could not look', () => {
  const finding = (state: Finding['state']) => ({ fact: '', pinned: '', found: '', state, change: '' });
  expect(exitCode([finding('same'), finding('skipped')])).toBe(0);
  expect(exitCode([finding('same'), finding('unknown')])).toBe(2);
  expect(exitCode([finding('moved'), finding('unknown')])).toBe(1);
});

it('fits 80 columns, cuts no word and steers no terminal', () => {
  const values = [...Object.values(vendor.IDENTITY_HEADERS), `https://api.kimi.com/${'x'.repeat(90)}/v2`];
  const found = `${values.join(', ')} by \x1b[31m`;
  const text = report([{ fact: 'f', pinned: values.join(', '), found, state: 'moved', change: 'src/upstream.ts' }]);
  expect(text.split('\n').filter(line => line.length > 80)).toEqual([]);
  expect(text.match(/x/g)).toHaveLength(180);
  expect(text).toContain('src/upstream.ts');
  // The library's mark of what it cut, and what steers.
  expect(['…', '\x1b'].filter(sign => text.includes(sign))).toEqual([]);
});

/** A registry that serves exactly what is pinned. */
function asPinned(): Record<string, ServedPackage> {
  const packages: Record<string, ServedPackage> = {};
  for (const { name, version } of pins(read)) {
    const { latest, versions = [] } = packages[name] ?? { latest: version };
    packages[name] = { latest, versions: [...versions, version] };
  }
  const give = (name: string, files: Record<string, string>) => Object.assign(packages[name] ?? {}, { files });
  give('@moonshot-ai/kimi-code', { 'dist/main.mjs': CLIENT });
  give('@earendil-works/pi-ai', {
    'dist/providers/data/kimi-coding.json': piData('coding'),
    'dist/providers/data/moonshotai.json': piData('platform'),
  });
  give('@ai-sdk/moonshotai', { 'dist/index.d.ts': "type Id = 'kimi-k3'" });
  give('@ai-sdk/gateway', { 'dist/index.d.ts': "type Id = 'moonshotai/kimi-k3'" });
  return packages;
}

describe('npm run upstream', () => {
  async function run(packages: Record<string, ServedPackage>, flags: readonly string[] = []) {
    const command = manifest.scripts.upstream.split(' ').slice(1);
    const env = { ...process.env, npm_config_registry: await startRegistry(packages) };
    return new Promise<{ code: unknown; stdout: string; stderr: string }>(resolve => {
      execFile(process.execPath, [...command, ...flags], { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  }

  it('ends with 0 where all is as it is pinned, and names what it leaves out', async () => {
    const { code, stdout, stderr } = await run(asPinned());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^0 moved, \d\d as pinned, 0 could not be looked at, 1 skipped\.$/m);
    expect(stdout).toContain('kimi-cli');
  });

  it('ends with 1 and the file to change where something moved', async () => {
    const packages = asPinned();
    Object.assign(packages['@moonshot-ai/kimi-code'] ?? {}, {
      latest: '2.2.0',
      files: { 'dist/main.mjs': CLIENT.replace('X-Msh-Version', 'X-Msh-Release') },
    });
    const { code, stdout } = await run(packages, ['--json']);
    expect(code).toBe(1);
    expect(moved(JSON.parse(stdout) as Finding[])).toEqual([
      ['@moonshot-ai/kimi-code', '2.2.0', 'src/upstream.ts'],
      ['kimi-code: X-Msh-* headers', '+ X-Msh-Release, - X-Msh-Version', 'src/upstream.ts'],
      ['kimi-cli', expect.stringContaining('PyPI'), 'src/upstream.ts'],
    ]);
  });

  it('ends with 2 and the reasons where it could not look', async () => {
    const packages = asPinned();
    packages['@ai-sdk/gateway'] = { latest: '1.0.0', fault: 503 };
    Object.assign(packages['@moonshot-ai/kimi-code'] ?? {}, { isForged: true });
    Object.assign(packages['@earendil-works/pi-ai'] ?? {}, { files: {} });
    const { code, stdout } = await run(packages, ['--json']);
    expect(code).toBe(2);
    expect(moved(JSON.parse(stdout) as Finding[]).map(([fact, found]) => [fact, found])).toEqual([
      ['@ai-sdk/gateway', expect.stringContaining('HTTP 503')],
      ['@moonshot-ai/kimi-code: contents', expect.stringContaining('sha512')],
      ['@earendil-works/pi-ai: contents', expect.stringContaining('has no dist/providers/data/kimi-coding.json')],
      ['@ai-sdk/gateway: contents', expect.stringContaining('HTTP 503')],
      ['kimi-cli', expect.anything()],
    ]);
  });

  it('ends with 2 for a flag that it does not know', async () => {
    expect(await run({}, ['--jsno'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--jsno') });
  });
});

describe('the registry', () => {
  const parseTar = () => [];
  const files = { 'dist/main.mjs': 'x'.repeat(5_000_000) };

  it.each([
    ['too much of versions', { packument: 100 }, /has more than 100 bytes/],
    ['too large a tarball', { tarball: 100 }, /\.tgz has more than 100 bytes/],
    ['too much in a small tarball', { unpacked: 1_000_000 }, /larger than 1000000 bytes/],
    ['too long a silence', { timeoutMs: 200 }, /timeout|aborted/i],
  ])('is not believed with %s', async (_, limits, message) => {
    const hangs = 'timeoutMs' in limits;
    const url = await startRegistry({ client: { latest: '1.0.0', files, ...(hangs ? { fault: 'hang' } : {}) } });
    await expect(openRegistry({ url, parseTar, limits }).files('client', ['dist/main.mjs'])).rejects.toThrow(message);
  });

  it('is asked once for what several pins need', async () => {
    const packages = { ai: { latest: '7.0.0' } };
    const registry = openRegistry({ url: await startRegistry(packages), parseTar });
    const first = await registry.versions('ai');
    packages.ai.latest = '8.0.0';
    expect(await registry.versions('ai')).toEqual(first);
  });
});

it('is run by the scheduled workflow, and not by CI', () => {
  const workflow = read('.github/workflows/upstream.yml');
  expect(workflow).toContain('npm run --silent upstream');
  expect(workflow).toMatch(/schedule:\n\s+- cron: '/);
  expect(read('.ci/run')).not.toContain('upstream');
});
