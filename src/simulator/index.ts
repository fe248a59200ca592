export type {
  AnswerPart,
  AnswerScript,
  ScriptedAnswer,
  ScriptedToolCall,
  ScriptedUsage,
  ToolCallQuirk,
} from './answers/scripted-answer';
export { startBlackHole, type BlackHole } from './black-hole';
export type { FileLimits, SimulatorFile } from './files-ledger';
export type { Fault, FaultStage, FloodEncoding } from './fault';
export { startKimiSimulator } from './kimi-simulator';
export type { KimiSimulator, KimiSimulatorOptions } from './simulator-options';
export type { SimulatorClock, TokenAnswer } from './login-ledger';
export type { QuotaWindow, QuotaWindows, SimulatorQuota, UsageShape } from './quota';
export type { RecordedRequest, SimulatorWire } from './recorded-request';
export type { IdentityGate } from './rules/access-rules';
export type { ContentBlock, MessagesBody, SignatureAlphabet } from './rules/messages-rule';
export type { ChatBody, ChatMessage, ChatTool, SimulatorRule, SimulatorRuleRow } from './rules/simulator-rule';
export { SIMULATOR_RULES } from './rules/simulator-rules';
export { accounts, type SimulatorAccount, type SimulatorModel, type SimulatorModels } from './simulator-model';
export { signatureOf } from './thinking-signature';
export type { SimulatorBalance, SimulatorCounts } from './simulator-state';
export type { SimulatorSearchResult, SimulatorWeb } from './simulator-web';
