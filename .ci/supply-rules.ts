/** What may come with the package, for the check of the lock file and of what is installed. */

/** npm runs these of every package that it installs. */
export const SCRIPTS_AT_INSTALL = ['preinstall', 'install', 'postinstall'];

/** Permissive ones, which ask for a notice at most. */
const LICENCES = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0', 'Unlicense'];

/** @param licence an SPDX expression: one of a choice is enough, of several all must be allowed */
export function isAllowedLicence(licence: unknown): boolean {
  if (typeof licence !== 'string') {
    return false;
  }
  const expression = licence.replace(/^\((.*)\)$/, '$1');
  return / AND |[()]/.test(expression)
    ? expression.split(' AND ').every(part => LICENCES.includes(part))
    : expression.split(' OR ').some(part => LICENCES.includes(part));
}
