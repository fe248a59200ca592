import { generateText } from 'ai';
import { createKimi } from 'ai-sdk-provider-kimi/v4';

// Pay per token: MOONSHOT_API_KEY, and https://api.moonshot.ai/v1 unless region or MOONSHOT_BASE_URL say otherwise.
const moonshot = createKimi({ service: 'platform' });

const { text, providerMetadata } = await generateText({ model: moonshot('kimi-k3'), prompt: 'Say hello.' });
console.log(text);
console.log(`Estimated by list prices: ${JSON.stringify(providerMetadata?.kimi?.cost)}`);

const { available, currency } = await moonshot.balance(); // also voucher, cash
console.log(`${available} ${currency} left`);
