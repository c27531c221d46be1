import path from 'node:path'
import { staticPlugin } from '@elysiajs/static'
import { Elysia, NotFoundError } from 'elysia'
import { type Asset, type Manifest, readManifest } from './manifest.ts'
import { acceptsHtml, chooseEncoding, etagOf, isUnchanged } from './negotiate.ts'
import { securityHeaders } from './security-headers.ts'

export type ConsoleOptions = {
  /** Folder with the built console. The default stands beside this file from source and inside the binary alike. */
  readonly root?: string
  /** True when the browser came by TLS, also through a trusted proxy; default: by the URL. */
  readonly isHttps?: (request: Request) => boolean
}

/** Paths of the APIs: never answered with a page. */
const reserved = /^\/(v1|v2|api|healthz|metrics|version|assets)(\/|$)/

/** They answer programs too, whatever these accept: the original's scripts look whether the console is there. */
const pages: ReadonlySet<string> = new Set(['/', '/login', '/accounts'])

const notBuilt = 'The console has not been built. Run: bun run build.ts --ui\n'

/**
 * The embedded console as a plugin: hashed files under /assets, the page for every other path a browser opens. Which files
 * there are, their compressed forms, ETags and 304 come from the build's manifest; the plain bytes of assets from
 * @elysiajs/static behind it. Paths that are not the console's raise NOT_FOUND, for the application to answer in its own form.
 */
export async function createConsole(options: ConsoleOptions = {}) {
  const root = options.root ?? path.join(import.meta.dir, 'console-dist')
  const isHttps = options.isHttps ?? ((request) => new URL(request.url).protocol === 'https:')
  const manifest = readManifest(root)
  if (manifest === undefined) return unbuiltConsole()

  const files = await staticPlugin({
    assets: path.join(root, 'assets'),
    prefix: '/assets',
    alwaysStatic: false, // else it reads and hashes every file at the start
    indexHTML: false,
    etag: false,
  })
  return new Elysia({ name: 'console' })
    .get('/', ({ request }) => page(request))
    .get('/*', ({ request }) => page(request))
    .use(
      new Elysia({ name: 'console-assets' })
        .onBeforeHandle(({ request, set }) => {
          const url = new URL(request.url)
          const asset = assetAt(manifest, url.pathname)
          if (asset === undefined) throw new NotFoundError() // the plugin never sees a path that the build did not make
          const answer = negotiated(request, url, asset)
          if (answer !== undefined) return answer
          Object.assign(set.headers, headersOf(request, url, asset, 'identity'))
          return undefined
        })
        .use(files),
    )

  function page(request: Request): Response {
    const url = new URL(request.url)
    const exact = url.pathname.startsWith('/assets/') ? undefined : assetAt(manifest, url.pathname)
    if (exact !== undefined) return whole(request, url, exact, url.pathname)
    const index = assetAt(manifest, '/index.html')
    const opens =
      pages.has(url.pathname) || (!reserved.test(url.pathname) && acceptsHtml(request.headers.get('accept')))
    if (index === undefined || !opens) throw new NotFoundError()
    return whole(request, url, index, '/index.html')
  }

  function whole(request: Request, url: URL, asset: Asset, name: string): Response {
    return (
      negotiated(request, url, asset) ??
      new Response(Bun.file(path.join(root, name)), { headers: headersOf(request, url, asset, 'identity') })
    )
  }

  /** 304, or the file in a compressed form; undefined when the plain file is to be sent. */
  function negotiated(request: Request, url: URL, asset: Asset): Response | undefined {
    const encoding = chooseEncoding(request.headers.get('accept-encoding'), asset)
    const headers = headersOf(request, url, asset, encoding)
    if (isUnchanged(request.headers.get('if-none-match'), etagOf(asset, encoding))) {
      return new Response(null, { status: 304, headers })
    }
    const variant = encoding === 'identity' ? undefined : asset.variants[encoding]
    if (variant === undefined) return undefined
    return new Response(Bun.file(path.join(root, variant)), { headers: { ...headers, 'content-encoding': encoding } })
  }

  function headersOf(request: Request, url: URL, asset: Asset, encoding: 'br' | 'gzip' | 'identity') {
    return {
      ...securityHeaders(url, isHttps(request)),
      'content-type': asset.type,
      etag: etagOf(asset, encoding),
      vary: 'Accept-Encoding',
      'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    }
  }
}

/** Own members only: a path such as `/constructor` is no asset. */
const assetAt = (manifest: Manifest | undefined, pathname: string): Asset | undefined =>
  manifest !== undefined && Object.hasOwn(manifest.assets, pathname) ? manifest.assets[pathname] : undefined

function unbuiltConsole() {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  const explain = (): Response => new Response(notBuilt, { status: 503, headers })
  return new Elysia({ name: 'console' }).get('/', explain).get('/*', ({ request }) => {
    const { pathname } = new URL(request.url)
    if (reserved.test(pathname) || !acceptsHtml(request.headers.get('accept'))) throw new NotFoundError()
    return explain()
  })
}
