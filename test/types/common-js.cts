// A CommonJS app: `require` has types of its own.
import type { LanguageModel } from 'ai-v5';
import provider = require('ai-sdk-provider-kimi');
import v3 = require('ai-sdk-provider-kimi/v3');
import tools = require('ai-sdk-provider-kimi/tools');

export const model: LanguageModel = provider.kimi('k3');
export const specification: 'v3' = v3.kimi.specificationVersion;
export const note: Promise<{ note: string }> = tools.webSearch(provider.kimi).execute({ query: 'x' });
