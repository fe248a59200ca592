import { expect, it } from 'vitest';
import { UsageError } from '../../src/cli/failures';
import { checkRuntime } from '../../src/cli/doctor/machine-checks';
import { refuseOldRuntime } from '../../src/cli/runtime';

it.each(['18.20.8', '20.20.2', '22.11.0'])('Node %s is told what is needed, in place of what it trips over', node => {
  expect(() => refuseOldRuntime({ node })).toThrow(UsageError);
  expect(() => refuseOldRuntime({ node })).toThrow(
    `This is Node ${node}, which is too old for ai-sdk-provider-kimi. Install Node 22.12 or newer.`,
  );
  expect(checkRuntime({ node }, 'linux')[0]).toMatchObject({ state: 'failure', fix: 'Install Node 22.12 or newer.' });
});

it.each(['22.12.0', '24.0.0', process.versions.node])('Node %s is fine', node => {
  expect(() => refuseOldRuntime({ node })).not.toThrow();
  expect(checkRuntime({ node }, 'linux')[0]).toMatchObject({ state: 'ok', fix: undefined });
});
