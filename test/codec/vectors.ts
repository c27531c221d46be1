import path from 'node:path'
import type { Headers, HeaderValue } from '../../server/codec/eventstream-headers.ts'

const folder = path.join(import.meta.dir, '..', 'fixtures', 'eventstream')

type VectorHeader = { readonly name: string; readonly type: string; readonly value: unknown }
export type FrameVector = {
  readonly name: string
  readonly bytes: Uint8Array
  readonly headers: Headers
  readonly payload: string
}
export type StreamVector = {
  readonly name: string
  readonly bytes: Uint8Array
  readonly frames: readonly string[]
  readonly end: 'complete' | 'exception' | 'cut-after-whole-frame' | 'cut-inside-frame' | 'complete-but-empty'
}
export type BrokenVector = { readonly name: string; readonly bytes: Uint8Array; readonly fault: string }

function headerValue(header: VectorHeader): HeaderValue {
  const value = header.value
  switch (header.type) {
    case 'true':
    case 'false':
      return header.type === 'true'
    case 'byte':
    case 'short':
    case 'int':
      return { type: header.type, value: Number(value) }
    case 'long':
    case 'timestamp':
      return { type: header.type, value: BigInt(String(value)) }
    case 'bytes':
      return { type: 'bytes', value: Uint8Array.fromHex(String(value)) }
    case 'uuid':
      return { type: 'uuid', value: String(value) }
    default:
      return String(value)
  }
}

async function load<T>(file: string): Promise<readonly (T & { readonly hex: string; readonly bytes: Uint8Array })[]> {
  const list = (await Bun.file(path.join(folder, file)).json()) as (T & { readonly hex: string })[]
  return list.map((entry) => ({ ...entry, bytes: Uint8Array.fromHex(entry.hex) }))
}

export const frameVectors: readonly FrameVector[] = (
  await load<{ name: string; headers: VectorHeader[]; payload: string }>('eventstream.json')
).map(({ name, bytes, headers, payload }) => ({
  name,
  bytes,
  payload,
  headers: Object.fromEntries(headers.map((header) => [header.name, headerValue(header)])),
}))

export const streamVectors: readonly StreamVector[] =
  await load<Omit<StreamVector, 'bytes'>>('eventstream-streams.json')
export const brokenVectors: readonly BrokenVector[] = await load<Omit<BrokenVector, 'bytes'>>('eventstream-broken.json')
