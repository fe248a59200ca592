/**
 * The system services that this run may use, from `TEST_SERVICES=secret-service,redis`, which `.ci/with-keyring` and
 * `.ci/run` set. Suites that need one skip by name where it is missing (docs/decisions.md#35-isolated-tests):
 *
 *   describe.skipIf(!testServices.has('secret-service'))('… (needs secret-service)', …)
 */
export const testServices: ReadonlySet<string> = new Set(
  (process.env.TEST_SERVICES ?? '').split(',').filter(name => name !== ''),
);
