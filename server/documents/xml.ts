import { SaxesParser } from 'saxes'
import type { Package } from './package.ts'

export type XmlHandler = {
  readonly open?: (name: string, attributes: Readonly<Record<string, string>>) => void
  readonly close?: (name: string) => void
  readonly text?: (text: string) => void
}

/** Walks XML; names come without their prefix, attributes with it. Throws on what is no XML. Entities are never expanded. */
export function walkXml(xml: string, { open, close, text }: XmlHandler): void {
  const parser = new SaxesParser()
  parser.on('error', (fault) => {
    throw fault
  })
  if (open) parser.on('opentag', ({ name, attributes }) => open(bare(name), attributes as Record<string, string>))
  if (close) parser.on('closetag', ({ name }) => close(bare(name)))
  if (text) parser.on('text', text)
  parser.write(xml).close()
}

const bare = (name: string): string => name.slice(name.indexOf(':') + 1)

/** The first file of a kind (`officeDocument`, `footnotes`) that a list of relations names; the list stands in `_rels` of the folder. */
export function relatedOf(files: Package, folder: string, name: string, kind: string): string | undefined {
  const xml = files.file(`${folder}_rels/${name}.rels`)
  let found: string | undefined
  if (xml === undefined) return found
  walkXml(xml, {
    open: (tag, { Type, Target }) => {
      if (tag !== 'Relationship' || Target === undefined || !Type?.endsWith(`/${kind}`)) return
      found ??= Target.startsWith('/') ? Target.slice(1) : `${folder}${Target}`
    },
  })
  return found
}

/** What a file of the package refers to, by the ids it does so with. */
export function relationsOf(files: Package, folder: string, name: string): ReadonlyMap<string, string> {
  const targets = new Map<string, string>()
  const xml = files.file(`${folder}/_rels/${name}.rels`)
  if (xml === undefined) return targets
  walkXml(xml, {
    open: (tag, { Id, Target }) => {
      if (tag !== 'Relationship' || Id === undefined || Target === undefined) return
      targets.set(Id, Target.startsWith('/') ? Target.slice(1) : `${folder}/${Target}`)
    },
  })
  return targets
}
