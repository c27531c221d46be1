// biome-ignore-all lint/style/noNonNullAssertion: indexes lie inside the view, look-ups are masked to 8 bits
/** Slicing by eight: table k gives the CRC of one byte followed by k zero bytes. */
const tables = (() => {
  const table = new Int32Array(256 * 8)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    table[byte] = crc
  }
  for (let index = 256; index < table.length; index++) {
    const previous = table[index - 256] as number
    table[index] = (previous >>> 8) ^ (table[previous & 255] as number)
  }
  return table
})()

// Measured on Bun 1.4.5: the native call costs about 80 ns before its first byte, ours 0.7 ns a byte; they meet near here.
const nativeFromBytes = 144

/** CRC-32 as in gzip and zlib (reflected 0xEDB88320) of `bytes[start, end)`, unsigned. */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (end - start >= nativeFromBytes) return Bun.hash.crc32(bytes.subarray(start, end))
  const b = bytes
  const t = tables
  let crc = -1
  let at = start
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24))
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + b[at + 4]!]! ^
      t[512 + b[at + 5]!]! ^
      t[256 + b[at + 6]!]! ^
      t[b[at + 7]!]!
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ b[at]!) & 255]!
  return ~crc >>> 0
}
