// Opens streams against one URL and prints one JSON line. Run as its own process: node:http has no limit on connections.
// Usage: load.ts <url> <key> <dialect> <concurrency> <total> [holdMs]; with holdMs all streams are kept open that long, then cut.
// Concurrency -1: one after the other, each cut after its first byte, 20 ms apart; -2: a hundred begun each second.
import http from 'node:http'
import { endingOf, plainBody } from './requests.ts'

const [url = '', key = '', dialect = '', concurrencyText = '1', totalText = '1', holdText] = process.argv.slice(2)
const concurrency = Number(concurrencyText)
const total = Number(totalText)
const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const body = plainBody(dialect)
const ending = endingOf(dialect)

type Sample = { readonly firstMs: number; readonly ok: boolean }

function one(open: Set<http.ClientRequest>): Promise<Sample> {
  return new Promise((resolve) => {
    const startedAt = performance.now()
    let firstMs = -1
    let tail = ''
    let whole = false
    const finish = (ok: boolean): void => {
      open.delete(request)
      resolve({ firstMs, ok })
    }
    const request = http.request(
      url,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'x-api-key': key, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.on('data', (chunk: Buffer) => {
          if (firstMs < 0) {
            firstMs = performance.now() - startedAt
            if (concurrency < 0) return request.destroy()
          }
          const text = tail + chunk.toString('latin1')
          whole ||= ending.test(text)
          tail = text.slice(-40)
        })
        response.on('end', () => finish(response.statusCode === 200 && whole))
        response.on('error', () => finish(false))
      },
    )
    request.on('error', () => finish(false))
    open.add(request)
    request.end(body)
  })
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? -1

const samples: Sample[] = []
const open = new Set<http.ClientRequest>()
const startedAt = performance.now()
if (holdText !== undefined) {
  for (let index = 0; index < total; index++) {
    void one(open).then((sample) => samples.push(sample))
    if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await new Promise((resolve) => setTimeout(resolve, Number(holdText)))
  console.log(JSON.stringify({ open: open.size, ended: samples.length }))
  process.exit(0)
}
if (concurrency === -2) {
  const probes: Promise<Sample>[] = []
  for (let probe = 0; probe < total; probe++) {
    probes.push(one(open))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  samples.push(...(await Promise.all(probes)))
} else if (concurrency < 0) {
  for (let probe = 0; probe < total; probe++) {
    samples.push(await one(open))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
let begun = concurrency < 0 ? total : 0
await Promise.all(
  Array.from({ length: Math.max(0, concurrency) }, async () => {
    while (begun < total) {
      begun++
      samples.push(await one(open))
    }
  }),
)
const seconds = (performance.now() - startedAt) / 1_000
const first = samples.map(({ firstMs }) => firstMs).sort((a, b) => a - b)
console.log(
  JSON.stringify({
    streamsPerSecond: samples.length / seconds,
    failed: samples.filter(({ ok }) => !ok).length,
    firstP50Ms: percentile(first, 0.5),
    firstP99Ms: percentile(first, 0.99),
  }),
)
process.exit(0)
