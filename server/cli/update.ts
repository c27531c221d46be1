import type { Command } from '../config/command.ts'
import type { Config } from '../config/schema.ts'
import type { Effects, FetchInit } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Said } from './answers.ts'
import { type Failure, failed, misused } from './io.ts'

const askMs = 10_000
const maxBytes = 256 * 1024
const maxRedirects = 3
/** `update --check` ends so when a newer version exists. */
export const newerExists = 10

type Release = { readonly version: string; readonly url?: string }

/** Asks the address the operator gave, and no other, whether there is a newer version. Nothing is fetched or changed. */
export async function checkForUpdate(
  { options }: Command,
  config: Pick<Config, 'update'>,
  effects: Pick<Effects, 'fetch' | 'after'>,
  version: string,
): Promise<Result<Said, Failure>> {
  if (options.check !== true) {
    return err(misused('update only looks, and only when told: claude-server update --check --from URL'))
  }
  const given = typeof options.from === 'string' ? options.from : config.update?.feedUrl
  if (given === undefined || given === '') {
    return err(
      failed(
        'No address to ask is set, and there is none by itself. Give one with --from URL, UPDATE_FEED_URL or update.feed_url in the configuration file.',
      ),
    )
  }
  const feed = feedUrlOf(given)
  if (!feed.ok) return err(misused(feed.error))
  const text = await read(feed.value, effects, version)
  if (!text.ok) return err(failed(text.error))
  const release = releaseOf(text.value)
  if (!release.ok) return err(failed(`${placeOf(feed.value)}: ${release.error}`))
  const { version: latest, url } = release.value
  if (!isVersion(version)) return err(failed(`This is version ${version}, which cannot be compared with ${latest}.`))
  const isNewer = Bun.semver.order(latest, version) > 0
  const json = { version, latest, newer: isNewer, ...(url === undefined ? {} : { url }) }
  return isNewer
    ? ok({
        json,
        text: `Version ${latest} exists; this is ${version}.${url === undefined ? '' : ` ${url}`}\n`,
        exitCode: newerExists,
      })
    : ok({ json, text: `This is version ${version}; the feed names ${latest}. Nothing to do.\n` })
}

/** In the clear only on this machine; a name or password in it would be sent along. */
function feedUrlOf(text: string): Result<URL, string> {
  const url = URL.parse(text)
  if (url === null) return err('The address of the feed is not a URL.')
  if (url.username !== '' || url.password !== '')
    return err('The address of the feed must not hold a name or password.')
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return ok(url)
  return err('The address of the feed must begin with https:// (http:// on this machine only).')
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)

/** What may be shown of it: a query may hold a secret. */
const placeOf = ({ origin, pathname }: URL): string => `${origin}${pathname}`

async function read(
  feed: URL,
  effects: Pick<Effects, 'fetch' | 'after'>,
  version: string,
): Promise<Result<string, string>> {
  const controller = new AbortController()
  const cancel = effects.after(askMs, () => controller.abort())
  const init: FetchInit = {
    headers: { 'user-agent': `claude-server/${version}`, accept: 'application/json' },
    credentials: 'omit',
    redirect: 'manual',
    signal: controller.signal,
  }
  try {
    let url = feed
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const answer = await effects.fetch(url.href, isLoopback(url) ? { ...init, proxy: false } : init)
      if (answer.status === 200) return await limited(answer, url)
      void answer.body?.cancel()
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || location === null) {
        return err(`${placeOf(url)} answered ${answer.status}.`)
      }
      const next = URL.parse(location, url)
      if (next === null || next.origin !== feed.origin)
        return err(`${placeOf(url)} leads to another host; it is not asked.`)
      const sound = feedUrlOf(next.href)
      if (!sound.ok) return sound
      url = sound.value
    }
    return err(`${placeOf(feed)} leads on more than ${maxRedirects} times.`)
  } catch (error) {
    return err(
      controller.signal.aborted
        ? `${placeOf(feed)} did not answer within ${askMs / 1_000} s.`
        : `${placeOf(feed)} cannot be reached${codeOf(error)}.`,
    )
  } finally {
    cancel()
  }
}

/** A certificate that is not trusted has a code of its own, which tells what to do. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^\w{1,60}$/.test(code) ? ` (${code})` : ''
}

async function limited(answer: Response, url: URL): Promise<Result<string, string>> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return err(`${placeOf(url)} answered with more than ${maxBytes / 1024} KiB.`)
    text += decoder.decode(chunk, { stream: true })
  }
  return ok(text + decoder.decode())
}

/** `{"version", "url"?}`, or a latest release as GitHub tells of it. */
function releaseOf(text: string): Result<Release, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return err('the answer is not JSON.')
  }
  if (typeof value !== 'object' || value === null) return err('the answer is not an object.')
  const { version, tag_name: tag, url, html_url: page } = value as Readonly<Record<string, unknown>>
  const [name, link] = version === undefined ? [tag, page] : [version, url]
  if (typeof name !== 'string') return err('the answer has neither version nor tag_name.')
  const bare = name.replace(/^v/, '')
  if (!isVersion(bare)) return err('its version is not of the form 1.2.3.')
  // Shown to a person who may open it: a web address or nothing.
  const shownUrl = typeof link === 'string' && link.length <= 2_000 ? URL.parse(link) : null
  return ok({
    version: bare,
    ...(shownUrl !== null && /^https?:$/.test(shownUrl.protocol) ? { url: shownUrl.href } : {}),
  })
}

const number = '(?:0|[1-9]\\d{0,14})'
const word = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][\\dA-Za-z-]*)'
const versionForm = new RegExp(`^${number}\\.${number}\\.${number}(?:-${word}(?:\\.${word})*)?(?:\\+[\\dA-Za-z.-]+)?$`)
const isVersion = (text: string): boolean => text.length <= 100 && versionForm.test(text)
