import { ALL_TYPES, isTypeName } from './json-schema';

/** The types that `type` names, without repetition; all of them where it names none. */
export function typesOf(type: unknown): string[] {
  const named = (Array.isArray(type) ? type : [type]).filter(isTypeName);
  return named.length === 0 ? [...ALL_TYPES] : [...new Set(named)];
}

/** Whether `type` is as JSON Schema has it. */
export function areTypes(type: unknown): boolean {
  return Array.isArray(type) ? type.length > 0 && type.every(isTypeName) : isTypeName(type);
}

/** Types that both lists take; an integer is a number. */
export function commonTypes(left: readonly string[], right: readonly string[]): string[] {
  const common = left.flatMap(type => {
    if (right.includes(type) || (type === 'integer' && right.includes('number'))) {
      return [type];
    }
    return type === 'number' && right.includes('integer') ? ['integer'] : [];
  });
  return [...new Set(common)];
}

/** The narrowest type of a JSON value. */
export function typeOfValue(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

/** The types of some values, `number` standing for `integer` where both occur. */
export function typesOfValues(values: readonly unknown[]): string[] {
  const types = new Set(values.map(typeOfValue));
  if (types.has('number')) {
    types.delete('integer');
  }
  return [...types];
}

export function isOfType(value: unknown, types: readonly string[]): boolean {
  const own = typeOfValue(value);
  return types.includes(own) || (own === 'integer' && types.includes('number'));
}
