import { readFile } from 'node:fs/promises'
import path from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import { build, defineConfig, type Plugin } from 'vite'
import solid from 'vite-plugin-solid'
import { contractData } from './contract-data.ts'
import { licences, packageList } from './licences.ts'

const root = import.meta.dirname

/**
 * The script that sets language and theme before the first paint: its own blocking file, because the content security
 * policy allows no inline script and a module would run too late.
 */
function bootScript(): Plugin {
  let serving = false
  let fileName = ''
  return {
    name: 'boot-script',
    configResolved(config) {
      serving = config.command === 'serve'
    },
    async buildStart() {
      if (serving) return
      const built = await build({
        configFile: false,
        logLevel: 'silent',
        root,
        build: {
          write: false,
          modulePreload: false,
          rollupOptions: { input: path.join(root, 'src/boot.ts'), output: { format: 'iife' } },
        },
      })
      const output = Array.isArray(built) ? built[0] : built
      if (!output || !('output' in output)) throw new Error('the boot script was not built')
      const reference = this.emitFile({ type: 'asset', name: 'boot.js', source: output.output[0].code })
      fileName = this.getFileName(reference)
    },
    transformIndexHtml: {
      order: 'post',
      handler: () =>
        serving
          ? [{ tag: 'script', attrs: { type: 'module', src: '/src/boot.ts' }, injectTo: 'head-prepend' }]
          : [{ tag: 'script', attrs: { src: `/${fileName}` }, injectTo: 'head' }],
    },
  }
}

/** The icon stands in the page: a request less on every visit. */
function iconInPage(): Plugin {
  return {
    name: 'icon-in-page',
    transformIndexHtml: {
      order: 'pre',
      handler: async (html) => {
        const icon = (await readFile(path.join(root, 'src/favicon.svg'), 'utf8')).replaceAll(/\n\s*/g, '')
        return html.replace('/src/favicon.svg', `data:image/svg+xml,${encodeURIComponent(icon)}`)
      },
    },
  }
}

// Compiled static `style` attributes would break `style-src 'self'`. The plugin's types do not know the option yet.
const compilerOptions: object = { inlineStyles: false }

/** Solid, its router and queries, our small libraries, and what every page is made of. */
const basis =
  /node_modules\/(solid-js|@solidjs|@solid-primitives\/i18n|@tanstack\/(query-core|solid-query)|lucide-solid\/dist\/source\/[^/]+\.\w+$)|icons\/(loader-circle|info|circle-alert|circle-check|triangle-alert)\.|ui\/src\/(main|routes|lib\/(?!time-range|range-state|private-address|download|save-|fuzzy|url-|account-name|copy|form-state|link|media|schema-check|search)|api\/(away|client|error-text|queries|liveness|writes)|i18n\/(i18n|dictionary|parts\.ts))|ui\/src\/components\/(banner|button|logo|states)|ui\/src\/features\/shell\/(page-fault|missing-chunk)/

/** What is seen before sign-in, and by who is asked to sign in again. */
const entrance =
  /ui\/src\/features\/session\/(?!signed-out|first-|password-)|ui\/src\/components\/(field|code-field|lockout)|icons\/(eye|eye-off)\./

/** With the first visit, and where a password is changed. */
const newPassword = /ui\/src\/features\/session\/(first-|password-)|server\/access\/common-passwords/

const imports = new Map<string, readonly string[]>()
/** Who imports whom, for what is put together below. */
const importGraph: Plugin = {
  name: 'import-graph',
  moduleParsed({ id, importedIds }) {
    imports.set(id, importedIds)
  },
}

let frame: ReadonlySet<string> | undefined
/** What the first page behind sign-in is made of, apart from what is its own: nothing that only other pages need. */
const isOfFrame = (id: string): boolean => {
  frame ??= withImports([path.join(root, 'src/pages/inside.tsx'), path.join(root, 'src/pages/overview.tsx')])
  return (
    frame.has(id) &&
    !/ui\/src\/(pages\/(?!inside)|features\/(?!shell|scope\/scope\.)|features\/shell\/phone-bar)/.test(id)
  )
}

function withImports(entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (id: string): void => {
    if (found.has(id)) return
    found.add(id)
    for (const imported of imports.get(id) ?? []) visit(imported)
  }
  for (const entry of entries) visit(entry)
  return found
}

/** Comes with the filters that need it, not with what all pages share (Kobalte’s parts have no names). */
const combobox =
  /ui\/src\/components\/combobox|@kobalte\/core\/dist\/(combobox|chunk\/(VXJSV7WD|T3JFWUDL|GSF7SFRW|2UV3VFID))/

/** What is only on pages and in windows that come later comes with those: select boxes and tabs of Kobalte among it (its parts have no names). */
const shared =
  /node_modules\/(?!@kobalte\/core\/dist\/(chunk\/(6D6OMZOC|2UV3VFID|PTWD4LYA)|select|tabs|listbox|combobox))|ui\/src\/(lib\/(account-name|copy|form-state|link|media|schema-check|search)|components\/(data-table|table-order|badge|copy-button|meter|page-header|switch|time-ago|toast|menu|dialog))/

/** What the first page behind sign-in says beside what all say, in one file for each language. */
const wordsOfFirstView = (id: string): string | null => {
  const [, language = ''] = /i18n\/parts\/(?:chart|overview|shell)\/([\w-]+)\.ts/.exec(id) ?? []
  return language === '' ? null : `first-words-${language}`
}

export default defineConfig({
  root,
  plugins: [
    bootScript(),
    iconInPage(),
    contractData(),
    licences(path.join(root, '..')),
    packageList(path.join(root, '..')),
    importGraph,
    solid({ solid: compilerOptions }),
    tailwindcss(),
  ],
  build: {
    outDir: path.join(root, 'dist'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // Read by budget.ts; not part of what is served.
    manifest: true,
    target: 'es2022',
    cssMinify: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // Few requests: what the pages before sign-in need, and what the pages behind it share; the rest comes with its page.
        codeSplitting: {
          groups: [
            // Loaded when there is Markdown or code to be shown, not with what the pages share.
            { name: 'markup', test: /node_modules\/(marked|dompurify)\/|components\/sanitize/, priority: 5 },
            { name: 'highlight', test: /node_modules\/highlight\.js\/|components\/highlight/, priority: 5 },
            { name: wordsOfFirstView, test: /i18n\/parts\//, priority: 4 },
            { name: 'base', test: basis, priority: 3 },
            { name: 'entrance', test: entrance, priority: 2 },
            { name: 'new-password', test: newPassword, priority: 2 },
            { name: 'frame', test: isOfFrame, priority: 2 },
            // With the first long list, and the first code to be scanned.
            { name: 'virtual', test: /node_modules\/@tanstack\/(solid-virtual|virtual-core)\//, priority: 1.5 },
            { name: 'qr', test: /node_modules\/uqr\/|components\/qr-code/, priority: 1.5 },
            // What two pages of those behind the first share comes with them.
            { name: 'shared', test: (id) => shared.test(id) && !combobox.test(id), minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/api', '/v1', '/v2', '/healthz', '/version'].map((prefix) => [
        prefix,
        process.env.GATEWAY_URL ?? 'http://127.0.0.1:62311',
      ]),
    ),
  },
})
