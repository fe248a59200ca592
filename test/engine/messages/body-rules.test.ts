import { MESSAGES_RULES } from '../../../src/engine/messages/body-rules';
import { describeBodyRules } from '../request/rules/describe-body-rules';
import { MESSAGES_CASES } from './rules/messages-cases';

/**
 * What stands on every request, the limit and the marks for the cache, is looked at in its own cases only, and so is
 * what a message was made of.
 */
describeBodyRules('rules of the Anthropic wire', MESSAGES_RULES, MESSAGES_CASES, {
  seen: (body, rule) =>
    plain(
      body,
      FIELDS_OF_ALL.filter(field => field !== rule.replace('-', '_')),
    ),
});

const FIELDS_OF_ALL = ['cache_control', 'max_tokens'];

function plain<T>(value: T, without: readonly string[]): T {
  if (Array.isArray(value)) {
    return value.map(item => plain(item as unknown, without)) as T;
  }
  return typeof value === 'object' && value !== null
    ? (Object.fromEntries(
        Object.entries(value)
          .filter(([name]) => !without.includes(name))
          .map(([name, field]) => [name, plain(field, without)]),
      ) as T)
    : value;
}
