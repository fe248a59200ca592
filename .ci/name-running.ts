import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Says what was running when a run is stopped from outside: one that hangs would end without a word otherwise. */
export default class NameRunning implements Reporter {
  private readonly running = new Map<string, string>();

  onInit(): void {
    process.once('SIGTERM', () => {
      const names = [...this.running.values()].map(name => `  ${name}\n`);
      process.stderr.write(`Stopped from outside. Still running:\n${names.join('') || '  no test\n'}`);
      process.exit(1);
    });
  }

  onTestModuleStart(module: TestModule): void {
    this.running.set(module.id, module.relativeModuleId);
  }

  onTestModuleEnd(module: TestModule): void {
    this.running.delete(module.id);
  }

  onTestCaseReady(test: TestCase): void {
    this.running.set(test.id, `${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestCaseResult(test: TestCase): void {
    this.running.delete(test.id);
  }
}
