import { chatCompletionsRoute } from './routes/chat-completions';
import { deviceAuthorizationRoute } from './routes/device-authorization';
import { modelsRoute } from './routes/models';
import { tokenRoute } from './routes/token';
import type { Route } from './simulator-state';

/** Every path that the simulator serves. */
export const ROUTES: readonly Route[] = [
  deviceAuthorizationRoute,
  tokenRoute,
  modelsRoute('coding', '/coding/v1/models'),
  modelsRoute('platform', '/v1/models'),
  chatCompletionsRoute('coding', '/coding/v1/chat/completions'),
  chatCompletionsRoute('platform', '/v1/chat/completions'),
];
