import { describe, expect, it } from 'vitest';
import { isTokenRefused } from '../../src/api/classify';

const openai = (message: string, type = 'invalid_authentication_error') => JSON.stringify({ error: { message, type } });
const anthropic = (message: string) =>
  JSON.stringify({ type: 'error', error: { type: 'authentication_error', message } });

describe('a 401 about the token', () => {
  it.each([
    [
      'the production text',
      openai('The API Key appears to be invalid or may have expired. Please verify your credentials and try again.'),
    ],
    ['its other type', openai('The API Key appears to be invalid or may have expired', 'invalid_request_error')],
    ['Anthropic wire', anthropic('The API Key appears to be invalid or may have expired')],
    ['OAuth form', JSON.stringify({ error: 'invalid_token', error_description: 'The access token expired' })],
    ['empty', ''],
    ['blank', ' \n'],
    ['unknown JSON', '{"hello":1}'],
    ['null', 'null'],
    ['plain text', 'Unauthorized'],
    ["a proxy's page", '<html><head><title>401</title></head><body>Choose a plan and a model</body></html>'],
    ['a link to documents about models', openai('Incorrect token, see https://platform.kimi.ai/docs/models')],
    ['an echo of the request', JSON.stringify({ error: { message: 'invalid token' }, request: { model: 'k3' } })],
    ['cut off', '{"error":{"message":"The API Key appears'],
  ])('%s', (_name, body) => {
    expect(isTokenRefused(body)).toBe(true);
  });
});

describe('a 401 about something else', () => {
  it.each([
    ['membership', openai('unable to verify your membership benefits')],
    ['subscription', anthropic('Your subscription does not include this')],
    ['plan', openai('This feature is not part of your plan')],
    ['upgrade', openai('Please upgrade to continue')],
    ['model', openai('The model id does not exist')],
    ['model entitlement', openai('Not found the model k3[1m] or Permission denied')],
    ['plan, in a second field', JSON.stringify({ message: 'Unauthorized', detail: 'your plan does not include it' })],
    ['model, in a second field', JSON.stringify({ error: { message: 'Unauthorized', detail: 'model not found' } })],
    ['plan, below a message', JSON.stringify({ message: 'no', error: { message: 'upgrade your plan' } })],
    ['model, by code', JSON.stringify({ error: { message: 'no', code: 'model_not_found' } })],
    ['context', openai('Context length exceeded for your account')],
    ['context, other words', openai('Your request exceeded token limit: 151000')],
    ['high-speed', openai('The API Key appears to be invalid: no High-Speed access')],
    ['highspeed', openai('HighSpeed is not enabled')],
    ['plain text', 'membership required'],
    ['nested', JSON.stringify({ error: { error: { message: 'membership expired' } } })],
  ])('%s', (_name, body) => {
    expect(isTokenRefused(body)).toBe(false);
  });
});
