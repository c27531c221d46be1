import { forEachLimited } from '../lib/each.ts'
import type { Effects } from '../lib/effects.ts'
import {
  type AmazonQSettings,
  allHosts,
  controlUrl,
  dataUrl,
  isRegion,
  kiroAuthUrl,
  oidcUrl,
  userAgent,
} from '../upstream/amazonq/endpoint.ts'
import type { AccountState } from './control.ts'
import type { Finding } from './finding.ts'

const reachMs = 5_000
const maxSkewMs = 5 * 60_000
const maxRegions = 8

type Host = { readonly host: string; readonly origin: string; readonly needed: boolean }
type Reached = Host & { readonly tookMs: number; readonly skewMs?: number; readonly fault?: string }

/**
 * The clock, and whether each host the gateway would contact answers: for the default region and those of the accounts. The
 * hosts are asked directly: with outbound proxies set (`hasProxies`), one that is not reached so is no failure.
 */
export async function networkFindings(
  settings: AmazonQSettings,
  accounts: readonly Pick<AccountState, 'region' | 'method'>[],
  effects: Pick<Effects, 'now' | 'after' | 'fetch'>,
  hasProxies = false,
): Promise<readonly Finding[]> {
  const regions = [settings.defaultRegion, ...accounts.map(({ region }) => region).filter(isRegion)]
  const hosts = hostsOf(settings, [...new Set(regions)].slice(0, maxRegions), accounts)
  const reached: Reached[] = new Array(hosts.length)
  await forEachLimited([...hosts.entries()], 8, async ([index, host]) => {
    reached[index] = await reach(host, userAgent(settings, 'doctor'), effects)
  })
  return [clockFinding(reached), ...reached.map((host) => hostFinding(host, hasProxies))]
}

function hostsOf(
  settings: AmazonQSettings,
  regions: readonly string[],
  accounts: readonly Pick<AccountState, 'method'>[],
): readonly Host[] {
  const needed = (region: string): readonly URL[] =>
    [dataUrl(settings, region), controlUrl(settings, region), oidcUrl(settings, region)].map((url) => new URL(url))
  const social = new URL(kiroAuthUrl(settings))
  const always = regions.flatMap(needed)
  const urls = [...always, social]
  const hasSocial = accounts.some(({ method }) => method === 'social')
  return [...new Set(regions.flatMap((region) => allHosts(settings, region)))].map((host) => ({
    host,
    origin: urls.find((url) => url.host === host)?.origin ?? `https://${host}`,
    needed: hasSocial || always.some((url) => url.host === host),
  }))
}

/** Any answer shows that the way is open; its Date shows how far this machine's clock is off. */
async function reach(target: Host, agent: string, effects: Pick<Effects, 'now' | 'after' | 'fetch'>): Promise<Reached> {
  const controller = new AbortController()
  const cancel = effects.after(reachMs, () => controller.abort())
  const startedAt = effects.now()
  try {
    const answer = await effects.fetch(`${target.origin}/`, {
      headers: { 'user-agent': agent },
      redirect: 'manual',
      signal: controller.signal,
    })
    const now = effects.now()
    void answer.body?.cancel()
    const skewMs = now - Date.parse(answer.headers.get('date') ?? '')
    return { ...target, tookMs: now - startedAt, ...(Number.isNaN(skewMs) ? {} : { skewMs }) }
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    const fault = controller.signal.aborted ? 'no answer within 5 s' : code === '' ? 'the connection failed' : code
    return { ...target, tookMs: effects.now() - startedAt, fault }
  } finally {
    cancel()
  }
}

function hostFinding({ host, tookMs, fault, needed }: Reached, hasProxies: boolean): Finding {
  if (fault === undefined) return { level: 'ok', what: host, detail: `answers after ${tookMs} ms` }
  const detail = `cannot be reached (${fault})`
  if (hasProxies) {
    const fix = 'asked without the outbound proxies that are set; how these stand is said above'
    return { level: 'warn', what: host, detail, fix }
  }
  return needed
    ? { level: 'fail', what: host, detail, fix: fixOf(fault) }
    : { level: 'warn', what: host, detail, fix: `${fixOf(fault)}; only Google and GitHub sign-ins need it` }
}

function fixOf(fault: string): string {
  if (/ENOTFOUND|EAI_|DNS/i.test(fault)) return 'the name is not found: look at the DNS of this machine'
  if (/CERT|TLS|SSL|SELF_SIGNED|VERIFY/i.test(fault)) {
    return 'the certificate is not accepted: look at the clock and at proxies that open TLS'
  }
  return 'look at the network, the proxy and the firewall'
}

/** The least difference any host shows: an answer from a cache on the way is old, none is from the future. */
function clockFinding(reached: readonly Reached[]): Finding {
  const skews = reached.flatMap(({ skewMs }) => (skewMs === undefined ? [] : [Math.abs(skewMs)]))
  if (skews.length === 0) {
    const fix = 'see the hosts below'
    return { level: 'warn', what: 'clock', detail: 'not checked: no host told the time', fix }
  }
  const skewMs = Math.min(...skews)
  const detail = `${Math.round(skewMs / 1_000)} s from the provider's`
  return skewMs > maxSkewMs
    ? { level: 'fail', what: 'clock', detail, fix: 'set the clock of this machine (time synchronisation)' }
    : { level: 'ok', what: 'clock', detail }
}
