import { KimiInvalidArgumentError } from '../errors/kimi-error';

/** The setting `maxLength` of a tool. @throws KimiInvalidArgumentError */
export function checkedLength(tool: string, maxLength: number): number {
  if (!Number.isInteger(maxLength) || maxLength < 100) {
    throw new KimiInvalidArgumentError({
      argument: 'maxLength',
      message: `${tool}(): "maxLength" must be a whole number of characters, 100 or more.`,
    });
  }
  return maxLength;
}
