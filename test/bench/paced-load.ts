// Reads paced streams and prints one JSON line. Run as its own process, on raw sockets: it shares two cores with what it
// measures, so it does as little as it can for each delta.
// Usage: paced-load.ts <url> <key> <dialect> <streams> <waves> [untilMs]; each wave opens all streams at once and reads them to
// their end; with untilMs one wave is opened, spread over a second, and cut after that time.
import type { Socket } from 'bun'
import { agentBody, endingOf, stampsOf } from './requests.ts'
import { ageMicros, stampedEach } from './stamp.ts'

const [url = '', key = '', dialect = '', streamsText = '1', wavesText = '1', untilText] = process.argv.slice(2)
const { hostname, port, pathname } = new URL(url)
const streams = Number(streamsText)
const body = agentBody(dialect)
const head = `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nx-api-key: ${key}\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
const stamps = stampsOf(dialect)
const ending = endingOf(dialect)
const decoder = new TextDecoder('latin1')

let deltas = 0
let failed = 0
let ended = 0
let firstAt = 0
let lastAt = 0
const delays: number[] = []
const firstMs: number[] = []

function read(): Promise<void> {
  return new Promise((resolve) => {
    let tail = ''
    let whole = false
    let seen = false
    const openedAt = performance.now()
    const finish = (isWhole: boolean): void => {
      ended++
      if (!isWhole) failed++
      resolve()
    }
    void Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open: (socket: Socket) => {
          socket.write(head + body)
        },
        data: (_socket: Socket, bytes: Buffer) => {
          const text = decoder.decode(bytes)
          const found = text.match(stamps)
          whole ||= ending.test(tail + text)
          tail = text.slice(-40)
          if (found === null) return
          lastAt = performance.now()
          if (firstAt === 0) firstAt = lastAt
          if (!seen) firstMs.push(lastAt - openedAt)
          seen = true
          deltas += found.length * stampedEach
          for (const stamp of found) delays.push(ageMicros(stamp) / 1_000)
        },
        close: () => finish(whole),
        error: () => finish(false),
      },
    }).catch(() => finish(false))
  })
}

const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? -1
}
const report = (): void => {
  console.log(
    JSON.stringify({
      deltas,
      failed,
      ended,
      seconds: (lastAt - firstAt) / 1_000,
      delayP50Ms: percentile(delays, 0.5),
      delayP99Ms: percentile(delays, 0.99),
      firstP50Ms: percentile(firstMs, 0.5),
      firstP99Ms: percentile(firstMs, 0.99),
    }),
  )
  process.exit(0)
}

if (untilText === undefined) {
  for (let wave = 0; wave < Number(wavesText); wave++) await Promise.all(Array.from({ length: streams }, read))
} else {
  for (let index = 0; index < streams; index++) {
    void read()
    if (index % 25 === 24) await Bun.sleep(50)
  }
  await Bun.sleep(Number(untilText))
}
report()
