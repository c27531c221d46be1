/** A request's body with its length, which a stream does not tell by itself. */
export type RequestBytes = { readonly stream: ReadableStream<Uint8Array>; readonly length: number }

/**
 * A body that tells when it is asked for. fetch says nothing between its call and the response's headers, but it takes a
 * streamed body only once the connection stands: TCP, a proxy's CONNECT and TLS are done. (Measured with Bun 1.4: a silent port,
 * a mute proxy and a mute TLS peer never ask for it. The direct kind costs 0.02 ms more than a text, others 0.07.)
 */
export function bodyOf(text: string, onConnected: () => void): RequestBytes {
  let bytes: Uint8Array<ArrayBuffer> | undefined = Buffer.from(text)
  const { length } = bytes
  const source: Bun.DirectUnderlyingSource<Uint8Array> = {
    type: 'direct',
    pull: (controller) => {
      onConnected()
      if (bytes !== undefined) controller.write(bytes)
      bytes = undefined // a long reply need not hold on to its request
      controller.end()
    },
  }
  // The DOM's types do not know Bun's own kind.
  return { stream: new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>), length }
}
