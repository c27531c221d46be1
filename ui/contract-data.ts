import path from 'node:path'
import type { Plugin } from 'vite'

const folder = path.join(import.meta.dirname, '../server/admin/contract')

/**
 * Contracts imported as values: schemas are plain JSON once they are built, so forms get them as data and no schema library
 * reaches the browser. Each export stands by itself, so that a page holds only those that it uses.
 */
export function contractData(): Plugin {
  return {
    name: 'contract-data',
    enforce: 'pre',
    async load(id) {
      const file = id.split('?')[0] ?? id
      if (path.dirname(file) !== folder) return undefined
      const contract = (await import(file)) as Readonly<Record<string, unknown>>
      return Object.entries(contract)
        .flatMap(([name, value]) => {
          const json = JSON.stringify(value)
          return json === undefined
            ? []
            : [`export const ${name} = /* @__PURE__ */ JSON.parse(${JSON.stringify(json)})`]
        })
        .join('\n')
    },
  }
}
