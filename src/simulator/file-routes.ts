/** Files of both services: upload, list, metadata, content, deletion. No identity gate (docs/wire.md#identity-gate). */
import type { KimiService } from '../upstream';
import { authorize, ownerOf } from './authorize';
import { refuseApi, type Exchange } from './exchange';
import type { SimulatorFile } from './files-ledger';
import { ANSWER_RULES } from './rules/answer-rules';
import { FILE_NOT_FOUND, FILE_RULES, type UploadSubject } from './rules/file-rules';
import type { SimulatorRule } from './rules/simulator-rule';
import type { Route, SimulatorState } from './simulator-state';

function uploadRoute(service: KimiService, base: string): Route {
  return {
    method: 'POST',
    path: `${base}/files`,
    count: () => 'uploads',
    async handle(exchange, state) {
      if (!(await authorize(exchange, state, service))) {
        return;
      }
      const { subject, content } = await readUpload(exchange, state);
      const refused = judge(exchange, subject, state);
      if (refused !== undefined) {
        await refuseApi(exchange, refused.row, refused.text);
        return;
      }
      const { filename = '', mediaType = '' } = subject.file ?? {};
      const { owner, purpose = '' } = subject;
      const file = state.files.add({ owner, purpose, filename, mediaType, content });
      await answer(exchange, ANSWER_RULES.fileUpload, toWireFile(file));
    },
  };
}

function listRoute(service: KimiService, base: string): Route {
  return {
    method: 'GET',
    path: `${base}/files`,
    async handle(exchange, state) {
      if (await authorize(exchange, state, service)) {
        const data = state.files.of(ownerOf(exchange.request)).map(toWireFile);
        await answer(exchange, ANSWER_RULES.files, { object: 'list', data });
      }
    },
  };
}

/** A route of one file, which the account must have. */
function fileRoute(
  service: KimiService,
  method: 'GET' | 'DELETE',
  path: RegExp,
  handle: (exchange: Exchange, file: SimulatorFile, state: SimulatorState) => Promise<void>,
): Route {
  return {
    method,
    path,
    async handle(exchange, state) {
      if (!(await authorize(exchange, state, service))) {
        return;
      }
      const id = decodeURIComponent(path.exec(exchange.request.path)?.[1] ?? '');
      const file = state.files.find(ownerOf(exchange.request), id);
      if (file === undefined) {
        await refuseApi(exchange, FILE_NOT_FOUND);
        return;
      }
      exchange.request.passedRules.push(FILE_NOT_FOUND.rule);
      await handle(exchange, file, state);
    },
  };
}

function routesOf(service: KimiService, base: string, { one, content }: { one: RegExp; content: RegExp }): Route[] {
  return [
    uploadRoute(service, base),
    listRoute(service, base),
    fileRoute(service, 'GET', one, (exchange, file) => answer(exchange, ANSWER_RULES.files, toWireFile(file))),
    fileRoute(service, 'GET', content, async (exchange, file) => {
      exchange.request.answeredRules.push(ANSWER_RULES.fileContent.rule, ANSWER_RULES.traceId.rule);
      await exchange.reply(200, file.content, { 'content-type': file.mediaType });
    }),
    fileRoute(service, 'DELETE', one, async (exchange, { id }, state) => {
      state.files.delete(id);
      await answer(exchange, ANSWER_RULES.files, { id, object: 'file', deleted: true });
    }),
  ];
}

export const FILE_ROUTES: readonly Route[] = [
  ...routesOf('coding', '/coding/v1', {
    one: /^\/coding\/v1\/files\/([^/]+)$/,
    content: /^\/coding\/v1\/files\/([^/]+)\/content$/,
  }),
  ...routesOf('platform', '/v1', { one: /^\/v1\/files\/([^/]+)$/, content: /^\/v1\/files\/([^/]+)\/content$/ }),
];

async function answer(exchange: Exchange, row: SimulatorRule, body: unknown): Promise<void> {
  exchange.request.answeredRules.push(row.rule, ANSWER_RULES.traceId.rule);
  await exchange.reply(200, body);
}

async function readUpload(
  { request }: Exchange,
  { files }: SimulatorState,
): Promise<{ subject: UploadSubject; content: Uint8Array }> {
  const owner = ownerOf(request);
  const form = request.multipart;
  const file = form?.get('file');
  const purpose = form?.get('purpose');
  const isFile = file instanceof File;
  return {
    subject: {
      isForm: form !== undefined,
      purpose: typeof purpose === 'string' ? purpose : undefined,
      file: isFile ? { filename: file.name, mediaType: file.type, byteSize: file.size } : undefined,
      owner,
      files,
    },
    content: isFile ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array(),
  };
}

/** As with the rules of a chat. */
function judge(
  { request }: Exchange,
  subject: UploadSubject,
  { disabledRules, strict }: SimulatorState,
): { row: SimulatorRule; text: string } | undefined {
  let first: { row: SimulatorRule; text: string } | undefined;
  for (const { check, ...row } of FILE_RULES) {
    if (disabledRules.has(row.rule)) {
      continue;
    }
    const text = check(subject);
    if (text === undefined) {
      request.passedRules.push(row.rule);
    } else if (strict || row.rule === 'file-form') {
      first ??= { row, text };
    } else {
      request.notices.push(`${row.rule}: ${text}`);
    }
  }
  return first;
}

function toWireFile({ id, content, createdAt, expiresAt, filename, purpose }: SimulatorFile): Record<string, unknown> {
  return {
    id,
    object: 'file',
    bytes: content.byteLength,
    created_at: Math.floor(createdAt / 1000),
    ...(expiresAt === undefined ? {} : { expires_at: Math.floor(expiresAt / 1000) }),
    filename,
    purpose,
    status: 'ok',
    status_details: '',
  };
}
