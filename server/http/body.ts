import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { parseJson } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'

export const maxJsonDepth = 200

/** Reads a request's JSON body of at most `maxBytes`, in UTF-8, plain or gzip/deflate. Failures are the caller's own. */
export async function readJson(request: Request, maxBytes: number): Promise<Result<unknown, GatewayError>> {
  const bytes = await readBytes(request, maxBytes)
  if (!bytes.ok) return bytes
  if (bytes.value.byteLength === 0) return err(gatewayError('invalid-request', 'The request body is empty; send JSON.'))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.value)
  } catch {
    return err(gatewayError('invalid-request', 'The request body is not valid UTF-8.'))
  }
  const parsed = parseJson(text, maxJsonDepth)
  return parsed.ok
    ? parsed
    : err(gatewayError('invalid-request', `The request cannot be read: ${parsed.error.reason}.`))
}

async function readBytes(request: Request, maxBytes: number): Promise<Result<Uint8Array, GatewayError>> {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > maxBytes) return err(tooLarge(maxBytes))
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'deflate') {
    return err(
      gatewayError(
        'invalid-request',
        `content-encoding "${encoding.slice(0, 32)}" is not supported; send plain JSON or gzip.`,
        {
          field: 'content-encoding',
        },
      ),
    )
  }
  const body = request.body
  if (body === null) return ok(new Uint8Array())
  try {
    if (encoding === 'identity') {
      return declared >= 0 ? ok(new Uint8Array(await request.arrayBuffer())) : await collect(body, maxBytes)
    }
    const plain = body.pipeThrough(
      new DecompressionStream(encoding) as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
    )
    return await collect(plain, maxBytes)
  } catch {
    return err(gatewayError('invalid-request', 'The request body could not be read to its end.'))
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Result<Uint8Array, GatewayError>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.byteLength
    if (size > maxBytes) return err(tooLarge(maxBytes))
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks))
}

const tooLarge = (maxBytes: number): GatewayError =>
  gatewayError('request-too-large', `The request body is larger than the limit of ${maxBytes} bytes.`)
