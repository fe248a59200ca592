// What apps see of this package, an entry a file, so that a change of it shows in review: `npm run api` writes `api/`,
// with `--check` it fails where that is not what the build exports. It always fails where an export has no words.
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const isCheck = process.argv.includes('--check');
const { exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

mkdirSync(path.join(ROOT, 'api'), { recursive: true });
const faults = [];
for (const [entry, { import: { types } = {} }] of Object.entries(exports)) {
  if (types === undefined) {
    continue;
  }
  const name = entry === '.' ? 'index' : entry.slice(2);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: path.join(ROOT, types),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2023',
            module: 'nodenext',
            moduleResolution: 'nodenext',
            lib: ['es2023', 'dom', 'dom.iterable'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          include: [path.join(ROOT, 'dist/*.d.ts')],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: path.join(ROOT, 'api'),
        reportTempFolder: path.join(ROOT, 'dist/.api'),
        reportFileName: `${name}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(ROOT, 'package.json'),
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback(message) {
      // The others are about a style of comments that is not ours.
      message.logLevel = ExtractorLogLevel.None;
      if (message.category === 'Compiler') {
        faults.push(`${name}: ${message.text}`);
      }
    },
  });
  const report = readFileSync(path.join(ROOT, isCheck ? 'dist/.api' : 'api', `${name}.api.md`), 'utf8');
  for (const [, declaration] of report.matchAll(/^\/\/ @public \(undocumented\)\n(.*)$/gm)) {
    faults.push(`${name}: no word on ${declaration}`);
  }
  if (isCheck && apiReportChanged) {
    faults.push(`${name}: api/${name}.api.md is not what the build exports. Run: npm run api`);
  }
}
if (faults.length > 0) {
  console.error([...new Set(faults)].join('\n'));
  process.exitCode = 1;
}
