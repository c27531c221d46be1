import path from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import { build, defineConfig, type Plugin } from 'vite'
import solid from 'vite-plugin-solid'
import { contractData } from './contract-data.ts'
import { licences } from './licences.ts'

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

// Compiled static `style` attributes would break `style-src 'self'`. The plugin's types do not know the option yet.
const compilerOptions: object = { inlineStyles: false }

/** Solid, its router and queries, our small libraries, and what a form is made of. */
const basis =
  /node_modules\/(solid-js|@solidjs|@solid-primitives\/i18n|@tanstack\/(query-core|solid-query))\/|icons\/(eye|eye-off|loader-circle|info|circle-alert|circle-check|triangle-alert)\.|ui\/src\/(lib|api\/(client|error-text|may-change|queries|live)|i18n\/(i18n|dictionary|parts\.ts))|ui\/src\/components\/(banner|button|field|logo|states)|ui\/src\/features\/session/

export default defineConfig({
  root,
  plugins: [
    bootScript(),
    contractData(),
    licences(path.join(root, '..')),
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
        advancedChunks: {
          groups: [
            { name: 'base', test: basis, priority: 2 },
            // Loaded when there is Markdown or code to be shown, not with what the pages share.
            { name: 'markup', test: /node_modules\/(marked|dompurify)\/|components\/sanitize/, priority: 3 },
            // With the first long list, and the first code to be scanned; below `base`, which has what they need.
            { name: 'virtual', test: /node_modules\/@tanstack\/(solid-virtual|virtual-core)\//, priority: 1.5 },
            { name: 'qr', test: /node_modules\/uqr\/|components\/qr-code/, priority: 1.5 },
            { name: 'highlight', test: /node_modules\/highlight\.js\/|components\/highlight/, priority: 3 },
            // What two pages of those behind the first share comes with them.
            {
              name: 'shared',
              test: /node_modules|ui\/src\/(components|features\/(?!addresses|settings|backup|health))/,
              minShareCount: 2,
              priority: 1,
            },
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
