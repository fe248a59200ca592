import { kimi } from 'ai-sdk-provider-kimi/v4';

const { membership, fiveHours, weekly } = await kimi.usage(); // also monthly, addOnPacks, boosterWallet, …
console.log(membership?.name ?? 'a plan without a name');
for (const [name, window] of Object.entries({ fiveHours, weekly })) {
  if (window?.usedRatio !== undefined) {
    const until = window.resetsAt?.toLocaleString() ?? 'nobody says when';
    console.log(`${name}: ${Math.round(window.usedRatio * 100)} % used, fresh again ${until}`);
  }
}

// By the server where it counts, else the official client's estimate.
const { inputTokens, isEstimate } = await kimi.countTokens('k3', { prompt: 'Why is the sky blue?' });
console.log(`${inputTokens} tokens${isEstimate ? ', estimated' : ''}`);
