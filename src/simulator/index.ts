export type {
  AnswerPart,
  AnswerScript,
  ScriptedAnswer,
  ScriptedToolCall,
  ScriptedUsage,
  ToolCallQuirk,
} from './answers/scripted-answer';
export type { Fault } from './fault';
export type { KimiSimulator, KimiSimulatorOptions } from './kimi-simulator';
export type { TokenAnswer } from './login-ledger';
export type { RecordedRequest } from './recorded-request';
export type { IdentityGate } from './rules/access-rules';
export type { ChatBody, ChatMessage, ChatTool } from './rules/chat-rule';
export type { SimulatorRule, SimulatorRuleRow } from './rules/simulator-rule';
export { SIMULATOR_RULES } from './rules/simulator-rules';
export type { SimulatorClock } from './simulator-clock';
export type { SimulatorModel, SimulatorModels } from './simulator-model';
export type { SimulatorCounts } from './simulator-state';
export { startKimiSimulator } from './start-kimi-simulator';
