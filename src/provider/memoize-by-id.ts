/** One object per id: building a model costs about 0.4 ms of schemas (docs/wire.md#cost-of-a-model-object). */
export function memoizeById<Id extends string, T>(create: (id: Id) => T): (id: Id) => T {
  const created = new Map<Id, T>();
  return id => {
    let object = created.get(id);
    if (object === undefined) {
      object = create(id);
      created.set(id, object);
    }
    return object;
  };
}
