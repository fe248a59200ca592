import type { SharedV4Warning } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { BODY_RULES } from '../../../src/engine/request/body-rules';
import type { KimiCall } from '../../../src/engine/call';
import { applyBodyRules } from '../../../src/engine/request/body';
import { knownModel } from '../../../src/models/known-models';
import type { BodyRuleCase } from './rules/body-rule-case';
import { MESSAGE_CASES } from './rules/message-cases';
import { SETTING_CASES } from './rules/setting-cases';
import { TOOL_CASES } from './rules/tool-cases';

/** At least one case per rule; the last test proves that each needs its rule and no other. */
const CASES: Record<string, BodyRuleCase[]> = { ...SETTING_CASES, ...TOOL_CASES, ...MESSAGE_CASES };

function check({ body, call = {}, expected, warnings = [], throws }: BodyRuleCase, rules = BODY_RULES): void {
  const { modelId = 'kimi-for-coding', changes = {}, options, ...rest } = call;
  const seen: SharedV4Warning[] = [];
  const full: KimiCall = {
    // Most cases are of the shape without efforts, which is the older one.
    model: { ...knownModel(modelId, call.service ?? 'coding', 262_144), ...changes },
    service: 'coding',
    keepsReasoningByDefault: false,
    // The limit is a case of its own, and would stand in every other.
    options: { outputLimit: 'server-default', ...options },
    effort: { value: undefined, argument: 'reasoning' },
    sessionId: undefined,
    toolNames: new Map(),
    warnings: [],
    ...rest,
  };
  const original = { model: modelId, messages: [], ...body };
  const run = () => applyBodyRules(structuredClone(original), full, rules, warning => seen.push(warning));
  if (throws !== undefined) {
    expect(run).toThrow(throws);
    return;
  }
  expect(run()).toStrictEqual({ model: modelId, messages: [], ...expected });
  expect(seen).toEqual(warnings.map(warning => expect.objectContaining(warning)));
}

function passes(testCase: BodyRuleCase, rules: typeof BODY_RULES): boolean {
  try {
    check(testCase, rules);
    return true;
  } catch {
    return false;
  }
}

describe('body rules', () => {
  for (const [name, cases] of Object.entries(CASES)) {
    it.each(cases)(`${name}: $title`, testCase => check(testCase));
  }

  it('has at least one case for every rule, and rules with unique names and a source', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(BODY_RULES.map(rule => rule.name).toSorted());
    for (const rule of BODY_RULES) {
      expect(rule.source).toMatch(/docs\/wire\.md#/);
    }
  });

  it.each(BODY_RULES.map(rule => rule.name))('removing %s fails its own cases and no others', name => {
    const rules = BODY_RULES.filter(rule => rule.name !== name);
    for (const [owner, cases] of Object.entries(CASES)) {
      for (const testCase of cases) {
        expect(passes(testCase, rules), `${owner}: ${testCase.title}`).toBe(owner !== name);
      }
    }
  });
});
