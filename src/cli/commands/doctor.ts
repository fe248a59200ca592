import { Option } from 'commander';
import { credentialSlot } from '../../credentials/credential-slot';
import { printJSON, type Command, type CommandContext } from '../command';
import type { Check } from '../doctor/machine-checks';
import { EXIT_CODES } from '../failures';
import {
  loginEnvironment,
  loginFlags,
  loginOptions,
  openKimi,
  remedyOf,
  resolvePlace,
  type LoginOptions,
} from '../login-choice';
import { progressForPeople, styled } from '../terminal';

type DoctorOptions = LoginOptions & {
  /** Ask one short question, too: only that shows whether Kimi lets this client chat. */
  chat?: boolean | undefined;
  /** Print a report for an issue instead of the checks alone. */
  report?: boolean | undefined;
};

export const doctor: Command<DoctorOptions> = {
  name: 'doctor',
  description: 'Check all that a sign-in depends on, and say what to do.',
  options: [
    new Option('--chat', 'ask one short question, too'),
    new Option('--report', 'print a report for an issue, without secrets'),
    ...loginOptions('all'),
  ],
  run: examine,
};

/**
 * Looks at all that a sign-in depends on, and says what to do about what is wrong. Ends as the
 * first check that failed would.
 */
async function examine(context: CommandContext, options: DoctorOptions): Promise<number> {
  const progress = await progressForPeople(context, options);
  progress?.show('Looking');
  const checks: Check[] = [];
  try {
    for await (const check of allChecks(context, options)) {
      checks.push(check);
    }
  } finally {
    progress?.stop();
  }
  const failed = checks.find(({ state }) => state === 'failure');
  const isSound = failed === undefined;
  if (options.report === true) {
    const { makeReport, showReport } = await import('../doctor/report');
    const report = await makeReport(context, await openKimi(context, options), checks);
    if (options.json === true) {
      printJSON(context, { ok: isSound, report });
    } else {
      showReport(context.output, report);
    }
  } else if (options.json === true) {
    printJSON(context, { ok: isSound, checks: checks.map(({ exitCode, ...check }) => check) });
  } else {
    show(context, checks);
  }
  return isSound ? EXIT_CODES.ok : (failed.exitCode ?? EXIT_CODES.failure);
}

/** From the machine outwards; what depends on something that has failed is not tried. */
async function* allChecks(context: CommandContext, options: DoctorOptions): AsyncGenerator<Check> {
  const { platform, abortSignal } = context;
  const environment = loginEnvironment(context, options);
  const { checkRuntime, checkKeychain, checkFileModes } = await import('../doctor/machine-checks');
  const { checkHosts, checkSignIn, checkChat, checkIdentities } = await import('../doctor/kimi-checks');
  const kimi = await openKimi(context, options);
  const endpoints = await resolvePlace(context, options);
  yield* checkRuntime(process.versions, `${platform} ${process.arch}`);
  yield* await checkKeychain(environment, platform, await credentialSlot(endpoints));
  yield await checkFileModes(environment, platform);
  const hosts = await checkHosts(endpoints, context);
  yield* hosts;
  const isOnline = hosts.every(({ name, state }) => name !== 'Host' || state === 'ok');
  const isPlatform = endpoints.service === 'platform';
  const loginCommand = `npx ai-sdk-provider-kimi login${loginFlags(options)}${isPlatform ? ' --api-key' : ''}`;
  const remedy = await kimi.auth.status().then(
    found => remedyOf(context, options, found),
    () => undefined,
  );
  const signIn = await checkSignIn(kimi.auth, { loginCommand, remedy, isOnline, abortSignal });
  yield* signIn;
  const isReady = isOnline && signIn.every(({ state }) => state === 'ok');
  if (options.chat !== true || !isReady) {
    const detail = isReady ? 'not tried: --chat asks one short question' : 'needs a sign-in that Kimi accepts';
    yield { name: 'Chat', state: 'skipped', detail };
  } else {
    yield await checkChat(kimi, isPlatform ? 'kimi-k3' : 'kimi-for-coding', abortSignal);
    if (!isPlatform) {
      yield await checkIdentities(
        identity => openKimi(context, options, identity),
        (await kimi.auth.status()).identity,
        abortSignal,
      );
    }
  }
}

function show(context: CommandContext, checks: readonly Check[]): void {
  const { output: screen } = context;
  const { symbols } = screen;
  const signs = {
    ok: styled(symbols.ok, 'green'),
    warning: styled(symbols.warning, 'yellow'),
    failure: styled(symbols.failure, 'red'),
    skipped: styled(symbols.bullet, 'dim'),
  };
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  for (const { name, state, detail, fix } of checks) {
    screen.text(detail, { sign: signs[state], label: name.padEnd(width) });
    if (fix !== undefined) {
      screen.text(fix, { indent: width + 2, style: 'dim' });
    }
  }
  const namesOf = (wanted: Check['state']) =>
    checks.flatMap(({ name, state }) => (state === wanted ? [name] : [])).join(', ');
  const [failed, skipped] = [namesOf('failure'), namesOf('skipped')];
  screen.line();
  screen.text(failed === '' ? 'All that was looked at works.' : `Failed: ${failed}.`, { style: 'bold' });
  if (skipped !== '') {
    screen.text(`Skipped: ${skipped}.`, { style: 'dim' });
  }
}
