// Runs on any Node: says what to do where the toolchain would only crash (docs/decisions.md#34-toolchain).
'use strict';
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 18)) {
  console.error(
    'Building and testing needs Node 22.18 or newer, this is ' +
      process.version +
      '.\n' +
      'Every npm script here runs on the version in devDependencies ("node"): run "npm ci" without ' +
      '--ignore-scripts,\n' +
      'with npm 12 also "npm install-scripts approve node && npm rebuild node", then the script again through npm.',
  );
  process.exit(1);
}
