/** An id as it may stand in a path: none that leads to another place, as `..` does. */
const FILE_ID = /^(?!\.\.?$)[\w.:-]{1,200}$/;

/** The id of a file of Kimi's, written as it is or as `ms://<id>`; `undefined` for anything else. */
export function fileIdOf(reference: unknown): string | undefined {
  const id = typeof reference === 'string' ? reference.replace(/^ms:\/\//, '') : '';
  return FILE_ID.test(id) ? id : undefined;
}
