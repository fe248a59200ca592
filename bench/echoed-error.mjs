/**
 * What a refusal costs that echoes the conversation, beside one of the same size that does not: `node
 * bench/echoed-error.mjs`, after `npm run build`. CPU time of whole calls on a `fetch` that answers at once, so that
 * other processes count less; the prompt itself is written out in both.
 */
import { createKimi } from '../dist/v4.js';

const BYTES = 1024 * 1024;
const CALLS = 15;

let seed = 7;
const draw = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const word = () =>
  Array.from({ length: 3 + Math.floor(draw() * 8) }, () => String.fromCharCode(97 + draw() * 26)).join('');
const words = Array.from({ length: 4000 }, word);
const sentence = () => Array.from({ length: 40 }, () => words[Math.floor(draw() * words.length)]).join(' ');

const prompt = [];
for (let size = 0; size < BYTES; size += prompt.at(-1).content[0].text.length) {
  prompt.push({ role: 'user', content: [{ type: 'text', text: sentence() }] });
}
const errorOf = message => JSON.stringify({ error: { message, type: 'invalid_request_error' } });
const BODIES = {
  echo: errorOf(`Invalid request: ${JSON.stringify(prompt)}`),
  other: errorOf(`Invalid request: ${Array.from({ length: BYTES / 300 }, sentence).join(' ')}`),
};

let body = '';
const kimi = createKimi({
  apiKey: 'sk-kimi-bench',
  fetch: async url =>
    String(url).endsWith('/models')
      ? new Response('', { status: 404 })
      : new Response(body, { status: 400, headers: { 'content-type': 'application/json' } }),
});

async function cpuOf(name) {
  body = BODIES[name];
  const before = process.cpuUsage();
  await kimi('k3')
    .doGenerate({ prompt })
    .catch(() => {});
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const first = await cpuOf('echo');
const taken = { echo: [], other: [] };
for (let call = 0; call < CALLS; call++) {
  taken.other.push(await cpuOf('other'));
  taken.echo.push(await cpuOf('echo'));
}
const [echo, other] = [median(taken.echo), median(taken.other)];
console.log(
  `1 MB of error: ${echo.toFixed(1)} ms of CPU where it echoes the conversation, ${other.toFixed(1)} ms where it ` +
    `does not (ratio ${(echo / other).toFixed(2)}); the first call of the process ${first.toFixed(1)} ms`,
);
