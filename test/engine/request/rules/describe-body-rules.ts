import type { SharedV4Warning } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import type { KimiCall } from '../../../../src/engine/call';
import { applyBodyRules, type BodyRule } from '../../../../src/engine/request/body';
import { knownModel } from '../../../../src/models/known-models';
import type { BodyRuleCase } from './body-rule-case';

/**
 * Each rule does what its cases say, and each case needs its rule and no other.
 * @param cases at least one per rule
 * @param options.seen what of the body, before and after, is looked at in the cases of a rule
 * @param options.base options of all cases
 */
export function describeBodyRules(
  title: string,
  all: readonly BodyRule[],
  cases: Readonly<Record<string, BodyRuleCase[]>>,
  {
    seen = body => body,
    base = {},
  }: { seen?: (body: object, rule: string) => object; base?: KimiCall['options'] } = {},
): void {
  function check({ body, call = {}, expected, warnings = [], throws }: BodyRuleCase, rule: string, rules = all): void {
    const { modelId = 'kimi-for-coding', changes = {}, options, ...rest } = call;
    const found: SharedV4Warning[] = [];
    const full: KimiCall = {
      // Most cases are of the shape without efforts, which is the older one.
      model: { ...knownModel(modelId, call.service ?? 'coding', 262_144), ...changes },
      service: 'coding',
      keepsReasoningByDefault: false,
      options: { ...base, ...options },
      effort: { value: undefined, argument: 'reasoning' },
      sessionId: undefined,
      toolNames: new Map(),
      warnings: [],
      ...rest,
    };
    const original = { model: modelId, messages: [], ...body };
    const run = () => applyBodyRules(copyOf(original), full, rules, warning => found.push(warning));
    if (throws !== undefined) {
      expect(run).toThrow(throws);
      return;
    }
    expect(seen(run(), rule)).toStrictEqual(seen({ model: modelId, messages: [], ...expected }, rule));
    expect(found).toEqual(warnings.map(warning => expect.objectContaining(warning)));
  }

  function passes(testCase: BodyRuleCase, rule: string, rules: readonly BodyRule[]): boolean {
    try {
      check(testCase, rule, rules);
      return true;
    } catch {
      return false;
    }
  }

  describe(title, () => {
    for (const [name, list] of Object.entries(cases)) {
      it.each(list)(`${name}: $title`, testCase => check(testCase, name));
    }

    it('has at least one case for every rule, and rules with unique names and a source', () => {
      expect(Object.keys(cases).toSorted()).toEqual(all.map(rule => rule.name).toSorted());
      for (const rule of all) {
        expect(rule.source).toMatch(/docs\/wire\.md#/);
      }
    });

    it.each(all.map(rule => rule.name))('removing %s fails its own cases and no others', name => {
      const rules = all.filter(rule => rule.name !== name);
      for (const [owner, list] of Object.entries(cases)) {
        for (const testCase of list) {
          expect(passes(testCase, owner, rules), `${owner}: ${testCase.title}`).toBe(owner !== name);
        }
      }
    });
  });
}

/** `structuredClone` would lose what stands under a symbol. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) {
    return value.map(copyOf) as T;
  }
  return typeof value === 'object' && value !== null
    ? (Object.fromEntries(
        Reflect.ownKeys(value).map(key => [key, copyOf((value as Record<PropertyKey, unknown>)[key])]),
      ) as T)
    : value;
}
