import { generateText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const { state } = await kimi.auth.status();
if (state === 'missing' || state === 'revoked') {
  // Once: the login is kept in the keychain, and renewed when it is `due`, for this and every other app of the user.
  await kimi.auth.login({
    onVerification({ userCode, verificationUriComplete }) {
      console.log(`Open ${verificationUriComplete}`);
      console.log(`and compare the code: ${userCode}`);
    },
  });
}

const { text } = await generateText({ model: kimi('kimi-for-coding'), prompt: 'Say hello.' });
console.log(text);
