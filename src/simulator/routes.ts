import { chatCompletionsRoute } from './routes/chat-completions';
import { deviceAuthorizationRoute } from './routes/device-authorization';
import { deviceDecisionRoute, devicePageRoute } from './routes/device-page';
import { modelsRoute } from './routes/models';
import { tokenRoute } from './routes/token';
import type { Route } from './simulator-state';

/** Every path that the simulator serves. */
export const ROUTES: readonly Route[] = [
  deviceAuthorizationRoute,
  tokenRoute,
  devicePageRoute,
  deviceDecisionRoute,
  modelsRoute('coding', '/coding/v1/models'),
  modelsRoute('platform', '/v1/models'),
  chatCompletionsRoute('coding', '/coding/v1/chat/completions'),
  chatCompletionsRoute('platform', '/v1/chat/completions'),
];
