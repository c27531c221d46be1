/** Where the provider lives and how we name ourselves there. All of it is configuration or public protocol fact. */
export type AmazonQSettings = {
  /** `rpc`: `POST /` with a target header; `rest`: a path per operation. Both carry the same JSON. */
  readonly protocol: 'rpc' | 'rest'
  /** Which family of hosts serves the data plane: `q.{region}.amazonaws.com` or `runtime.{region}.kiro.dev`. */
  readonly host: 'q' | 'kiro'
  /** Base URLs that replace every data and control host, the OIDC host, the social sign-in host. `{region}` is replaced. */
  readonly qUrl?: string
  readonly oidcUrl?: string
  readonly kiroAuthUrl?: string
  /** The protocol's enum for the calling product; one constant for all accounts. */
  readonly origin: string
  /** True: the provider may not use content for improvement. */
  readonly optOut: boolean
  /** API region for accounts without a profile ARN. */
  readonly defaultRegion: string
  /** Our own version, for the user-agent. */
  readonly version: string
  readonly connectTimeoutMs: number
  readonly firstEventTimeoutMs: number
  readonly idleTimeoutMs: number
}

const fill = (base: string, region: string): string => base.replaceAll('{region}', region).replace(/\/+$/, '')

/** Base URL (no trailing slash) for GenerateAssistantResponse. */
export function dataUrl(settings: AmazonQSettings, region: string): string {
  if (settings.qUrl !== undefined) return fill(settings.qUrl, region)
  return fill(
    settings.host === 'kiro' ? 'https://runtime.{region}.kiro.dev' : 'https://q.{region}.amazonaws.com',
    region,
  )
}

/** Base URL for ListAvailableModels, ListAvailableProfiles and GetUsageLimits. */
export function controlUrl(settings: AmazonQSettings, region: string): string {
  if (settings.qUrl !== undefined) return fill(settings.qUrl, region)
  return fill(
    settings.host === 'kiro' ? 'https://management.{region}.kiro.dev' : 'https://q.{region}.amazonaws.com',
    region,
  )
}

export function oidcUrl(settings: AmazonQSettings, region: string): string {
  return fill(settings.oidcUrl ?? 'https://oidc.{region}.amazonaws.com', region)
}

/** Social sign-in exists in one region only. */
export function kiroAuthUrl(settings: AmazonQSettings): string {
  return fill(settings.kiroAuthUrl ?? 'https://prod.{region}.auth.desktop.kiro.dev', 'us-east-1')
}

/** Every host the gateway may contact for the given region, for `doctor` and the no-third-party test. */
export function allHosts(settings: AmazonQSettings, region: string): readonly string[] {
  const urls = [
    dataUrl(settings, region),
    controlUrl(settings, region),
    oidcUrl(settings, region),
    kiroAuthUrl(settings),
  ]
  return [...new Set(urls.map((url) => new URL(url).host))]
}

/** Our one truthful name, with the fields the protocol's SDK style needs. */
export function userAgent(settings: AmazonQSettings, api: string): string {
  return `claude-server/${settings.version} ua/2.1 os/${process.platform} lang/js md/bun#${Bun.version} api/${api}`
}

/** The regions in which the service keeps profiles. */
export const profileRegions = ['us-east-1', 'eu-central-1'] as const

/** A region's name becomes part of a host name: nothing else may pass. */
export const isRegion = (text: string): boolean => text.length <= 32 && /^[a-z]{2}(-[a-z]+)+-\d$/.test(text)

/** The region inside a profile ARN, when it is one the service has. */
export function regionOfArn(arn: string | undefined): string | undefined {
  const region = arn?.split(':')[3]
  return region !== undefined && isRegion(region) ? region : undefined
}
