import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { initWasm, Resvg } from '@resvg/resvg-wasm'

/** The console's own mark as the systems want their icons. */
export type Icons = { readonly ico: Uint8Array; readonly icns: Uint8Array }

const icoSizes = [16, 24, 32, 48, 64, 128, 256]
// Source: the kinds that hold a PNG, by the pixels they show.
const icnsKinds = [
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
] as const

let ready: Promise<void> | undefined

export async function drawIcons(root: string): Promise<Icons> {
  ready ??= readFile(fileURLToPath(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))).then(initWasm)
  await ready
  const svg = await readFile(path.join(root, 'ui/src/favicon.svg'), 'utf8')
  const draw = (size: number): Uint8Array =>
    new Resvg(svg, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } }).render().asPng()
  // A Mac's icons leave a margin around the shape.
  const within = svg.replace('viewBox="0 0 24 24"', 'viewBox="-2.4 -2.4 28.8 28.8"')
  const drawWithin = (size: number): Uint8Array =>
    new Resvg(within, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } }).render().asPng()
  return { ico: icoOf(icoSizes.map((size) => [size, draw(size)] as const)), icns: icnsOf(drawWithin) }
}

function icoOf(images: readonly (readonly [size: number, png: Uint8Array])[]): Uint8Array {
  const header = Buffer.alloc(6 + 16 * images.length)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(images.length, 4)
  let offset = header.length
  for (const [row, [size, png]] of images.entries()) {
    const at = 6 + 16 * row
    header.set([size % 256, size % 256], at) // 0 stands for 256
    header.writeUInt16LE(1, at + 4)
    header.writeUInt16LE(32, at + 6)
    header.writeUInt32LE(png.length, at + 8)
    header.writeUInt32LE(offset, at + 12)
    offset += png.length
  }
  return Buffer.concat([header, ...images.map(([, png]) => png)])
}

function icnsOf(draw: (size: number) => Uint8Array): Uint8Array {
  const parts = icnsKinds.flatMap(([kind, size]) => {
    const png = draw(size)
    const header = Buffer.alloc(8)
    header.write(kind, 'latin1')
    header.writeUInt32BE(8 + png.length, 4)
    return [header, png]
  })
  const header = Buffer.alloc(8)
  header.write('icns', 'latin1')
  header.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0), 4)
  return Buffer.concat([header, ...parts])
}
