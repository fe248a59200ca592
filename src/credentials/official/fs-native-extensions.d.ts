/** The part of fs-native-extensions 1.5.1 that is used; the package has no types. */
declare module 'fs-native-extensions' {
  /** `flock(2)` on macOS, `LockFileEx` on Windows. `false` when another holder has it. */
  export function tryLock(fd: number, offset: number, length: number): boolean;
  export function unlock(fd: number, offset: number, length: number): void;
}
