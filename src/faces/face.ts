import type { V4Engine } from './v4-engine';

/**
 * What the faces share. TypeScript-private fields only: ai@7 wraps models in a Proxy, which breaks `#private` (peers.md
 * 0.6).
 */
export abstract class Face {
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: V4Engine['supportedUrls'];

  protected readonly engine: V4Engine;

  constructor(engine: V4Engine) {
    this.engine = engine;
    this.provider = engine.provider;
    this.modelId = engine.modelId;
    this.supportedUrls = engine.supportedUrls;
  }
}
