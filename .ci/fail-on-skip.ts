import type { Reporter, TestModule } from 'vitest/node';

/** Fails the run when a test was skipped: on CI every service is there, so a skip is a test that nobody runs. */
export default class FailOnSkip implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap(module =>
      [...module.children.allTests('skipped')].map(test => `${module.relativeModuleId}: ${test.fullName}`),
    );
    if (skipped.length > 0) {
      process.exitCode = 1;
      process.stderr.write(`Skipped tests, which CI does not allow:\n${skipped.map(name => `  ${name}\n`).join('')}`);
    }
  }
}
