import { BODY_RULES } from '../../../src/engine/request/body-rules';
import { describeBodyRules } from './rules/describe-body-rules';
import { MESSAGE_CASES } from './rules/message-cases';
import { SETTING_CASES } from './rules/setting-cases';
import { TOOL_CASES } from './rules/tool-cases';

const CASES = { ...SETTING_CASES, ...TOOL_CASES, ...MESSAGE_CASES };

// The limit is a case of its own, and would stand in every other.
describeBodyRules('body rules', BODY_RULES, CASES, { base: { outputLimit: 'server-default' } });
