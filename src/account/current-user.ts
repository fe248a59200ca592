import { z } from 'zod/v4';
import { requestJSON } from '../api/request-json';
import { lazy } from '../transport/lazy';
import type { AccountRequest } from './plan-usage';
import { label } from './wire-values';

/** The plan that an account has. Nothing of it names a person. */
export type KimiMembership = {
  /** The server's word or number, for example `LEVEL_ADVANCED`. */
  level: string | undefined;
  /** What the plan is called, for example `Allegretto`. */
  name: string | undefined;
  status: string | undefined;
  /** `REGION_CN` or `REGION_OVERSEA`. */
  region: string | undefined;
};

/** `GET /me` (docs/wire.md#current-user), without what names a person. */
const userSchema = lazy(() =>
  z.looseObject({ user_id: z.union([z.string(), z.number()]) }).transform(user => ({
    level: label().parse(user.user_level),
    name: label().parse(user.user_level_name),
    status: label().parse(user.status),
    region: label().parse(user.region),
  })),
);

/** In bytes. */
const LIMIT = 256 * 1024;

/** Whose credential it is, as far as the plan goes. @throws as `requestJSON` */
export async function requestMembership({ apiBaseURL, now: _now, ...rest }: AccountRequest): Promise<KimiMembership> {
  return requestJSON<KimiMembership>({ ...rest, url: `${apiBaseURL}/me`, schema: userSchema(), limit: LIMIT });
}
