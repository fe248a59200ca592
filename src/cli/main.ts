#!/usr/bin/env node
/**
 * Nothing but the version check is loaded first: an old Node cannot even link what the commands import.
 */
import { oldRuntimeMessage } from '../platform/node-version';

const message = oldRuntimeMessage(process.versions);
if (message === undefined) {
  const { runProcess } = await import('./process');
  await runProcess();
} else {
  process.stderr.write(`${message}\n`);
  // As EXIT_CODES.usage, which stands in a module that is not loaded here.
  process.exitCode = 2;
}
