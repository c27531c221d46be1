import type { AmazonQSettings } from '../../server/upstream/amazonq/endpoint.ts'

export const settingsFor = (url: string): AmazonQSettings => ({
  protocol: 'rpc',
  host: 'q',
  qUrl: url,
  oidcUrl: url,
  kiroAuthUrl: url,
  origin: 'AI_EDITOR',
  optOut: true,
  defaultRegion: 'us-east-1',
  version: '0.0.0',
  connectTimeoutMs: 5_000,
  firstEventTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
})
