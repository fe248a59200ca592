import { kimi } from 'ai-sdk-provider-kimi/v4';

// Those of the account, in the server's order.
for (const { id, contextLength, thinking, efforts } of await kimi.models()) {
  console.log(`${id}: ${contextLength} tokens, ${efforts?.join(', ') ?? thinking}`);
}

// What an id means for this account, and why.
const { slug, outcome, why } = await kimi.explain('k3');
console.log(`k3 goes out as ${slug} (${outcome}): ${why}`);
