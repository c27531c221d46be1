/** A picture of noise, which no codec makes small. */
export function noisyBmp(width: number, height: number): Buffer<ArrayBuffer> {
  const row = Math.ceil((width * 3) / 4) * 4
  const bytes = Buffer.alloc(54 + row * height)
  bytes.write('BM')
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  crypto.getRandomValues(new Uint8Array(65_536)).forEach((_, index, noise) => {
    if (index === 0)
      for (let at = 54; at < bytes.length; at += noise.length)
        bytes.set(noise.subarray(0, Math.min(noise.length, bytes.length - at)), at)
  })
  return bytes
}
