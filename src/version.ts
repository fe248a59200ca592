declare const __PACKAGE_VERSION__: string;

/** Version of this package, set at build time from package.json. */
export const VERSION: string = __PACKAGE_VERSION__;
