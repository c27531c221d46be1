import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** One file of the built console. Paths of variants are relative to the console's folder. */
const Asset = Type.Object({
  type: Type.String({ description: 'Content-Type' }),
  /** Without quotes; a variant's ETag is this, a dash and the encoding's name. */
  etag: Type.String(),
  /** The name holds a hash of the content, so it may be kept for ever. */
  immutable: Type.Boolean(),
  bytes: Type.Integer(),
  variants: Type.Object({ br: Type.Optional(Type.String()), gzip: Type.Optional(Type.String()) }),
})
export type Asset = Static<typeof Asset>

/** Written by the build beside the files: path in the URL (`/assets/x.js`) -> what to send. */
export const Manifest = Type.Object({
  /** Hash of everything the build read, by which the next build knows whether there is anything to do. */
  source: Type.String(),
  /** Folders of the packages that are part of it: `node_modules/solid-js`. */
  packages: Type.Array(Type.String()),
  assets: Type.Record(Type.String(), Asset),
})
export type Manifest = Static<typeof Manifest>

export const manifestName = 'manifest.json'

/** The manifest in `root`, or undefined when the console was never built there. A damaged one counts as not built. */
export function readManifest(root: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(root, manifestName), 'utf8'))
    return Value.Check(Manifest, value) ? value : undefined
  } catch {
    return undefined
  }
}
