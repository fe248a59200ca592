import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Leads the source maps of a build to `src`, which is in the package, too: they are made where the build is, not where
 * it is put, and with the text of every source in each (8 MB of 10).
 *
 * @param folder the build, which will be `dist`
 */
export function leadToSources(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.map'))) {
    const file = path.join(folder, name);
    const { sourcesContent: _, ...map } = JSON.parse(readFileSync(file, 'utf8'));
    // From the folder of the map to the root of the package: out of `dist`, and of each folder in it.
    const up = '../'.repeat(name.split(path.sep).length);
    map.sources = map.sources.map(source => source.replace(/^(?:\.\.\/)+(?=(?:src|node_modules)\/)/, up));
    writeFileSync(file, JSON.stringify(map));
    const code = file.slice(0, -'.map'.length);
    // Both tools that write the code have said where its map is.
    writeFileSync(code, readFileSync(code, 'utf8').replace(/(\n\/\/# sourceMappingURL=.+)\1/, '$1'));
  }
}
