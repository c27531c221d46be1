import { readFile } from 'node:fs/promises'
import { realEffects } from '../lib/effects.ts'
import { createSeats } from '../lib/seats.ts'
import { readOffice } from './office.ts'
import { readPdf } from './pdf.ts'
import { type AttachmentReader, type DocumentReading, documentLimits, type ImageReading } from './reading.ts'
import { shrinkImage } from './shrink.ts'

/** The hidden subcommand under which the program reads one attachment, in base64, from standard input and writes what came of it as JSON. */
export const readAttachmentCommand = 'read-attachment'

const kinds = ['pdf', 'docx', 'xlsx', 'pptx', 'image'] as const
type Kind = (typeof kinds)[number]

/** The child's side. Resolves to the exit code. */
export async function runAttachmentChild([kind]: readonly string[]): Promise<number> {
  const known = kinds.find((one) => one === kind)
  if (known === undefined) return 2
  const base64 = await Bun.stdin.text()
  const reading = await readAs(known, new Uint8Array(Buffer.from(base64, 'base64')))
  await Bun.write(Bun.stdout, JSON.stringify(reading))
  return 0
}

async function readAs(kind: Kind, bytes: Uint8Array<ArrayBuffer>): Promise<DocumentReading | ImageReading> {
  if (kind === 'image') return shrinkImage(bytes)
  return kind === 'pdf' ? readPdf(bytes) : readOffice(bytes, kind)
}

/** This very program under a hidden subcommand: the executable alone, or Bun with the entry file. */
export const childCommand = (name: string): readonly string[] =>
  Bun.isStandaloneExecutable ? [process.execPath, name] : [process.execPath, Bun.main, name]

export const ownReaderCommand = (): readonly string[] => childCommand(readAttachmentCommand)

type Bounds = { readonly timeMs: number; readonly memoryBytes: number }
type ReaderBounds = Bounds & { readonly waitMs: number }
type Failed = { readonly ok: false; readonly reason: string; readonly isBusy?: true }

/**
 * Reads attachments in a process each, the only thing that can be stopped whatever the parser is doing and whose memory is
 * given back whole. At most three at a time, two of them for one caller; the others wait, for so long. The child gets no secrets: its environment is nearly empty.
 */
export function createAttachmentReader(
  command: readonly string[],
  {
    timeMs = documentLimits.timeMs,
    memoryBytes = documentLimits.memoryBytes,
    waitMs = documentLimits.waitMs,
  }: Partial<ReaderBounds> = {},
): AttachmentReader {
  const seats = createSeats(3, 2)

  async function read<Reading>(
    kind: Kind,
    base64: string,
    signal: AbortSignal,
    callerId?: string,
  ): Promise<Reading | Failed> {
    const waiting = new AbortController()
    const cancelTimer = realEffects.after(waitMs, () => waiting.abort())
    const hasSeat = await seats.take(AbortSignal.any([signal, waiting.signal]), callerId)
    cancelTimer()
    if (!hasSeat) return signal.aborted ? cancelled : busy(waitMs)
    try {
      return await runInChild<Reading>([...command, kind], { timeMs, memoryBytes }, base64, signal)
    } finally {
      seats.giveBack(callerId)
    }
  }

  return {
    document: (base64, kind, signal, callerId) => read<DocumentReading>(kind, base64, signal, callerId),
    image: (base64, signal, callerId) => read<ImageReading>('image', base64, signal, callerId),
  }
}

const cancelled: Failed = { ok: false, reason: 'was not read: the caller left' }
const busy = (waitMs: number): Failed => ({
  ok: false,
  reason: `was not read: others were being read for ${waitMs / 1_000} seconds`,
  isBusy: true,
})

/** What a child writes about what it is given; it is ended at its bounds, and when the signal aborts. */
export async function runInChild<Reading>(
  command: readonly string[],
  { timeMs, memoryBytes }: Bounds,
  content: string | Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Reading | Failed> {
  const child = Bun.spawn([...command], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    env: childEnvironment(),
    timeout: timeMs,
    killSignal: 'SIGKILL',
    signal,
  })
  const memory = watchMemory(child, memoryBytes)
  const [output] = await Promise.all([new Response(child.stdout).text(), child.exited, feed(child.stdin, content)])
  memory.stop()
  if (signal.aborted) return cancelled
  if (memory.isOver())
    return { ok: false, reason: `needs more than ${memoryBytes / 1024 / 1024} MB of memory to be read` }
  if (child.signalCode === 'SIGKILL') return { ok: false, reason: `could not be read within ${timeMs / 1_000} seconds` }
  try {
    return JSON.parse(output) as Reading // our own child wrote it
  } catch {
    return { ok: false, reason: 'cannot be read: the reader failed' }
  }
}

const pieceLength = 1024 * 1024

/** Writes piece by piece: as a whole, 40 MB would be copied in one go, twice. A child that has gone takes no more, which its end tells. */
async function feed(stdin: Bun.FileSink, content: string | Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    for (let at = 0; at < content.length; at += pieceLength) {
      await stdin.write(content.slice(at, at + pieceLength))
      await stdin.flush()
      await realEffects.turn()
    }
    await stdin.end()
  } catch {
    // gone
  }
}

const watchEveryMs = 50

/** Ends a child that takes too much memory. Only where the system tells what a process holds; elsewhere its time alone is bounded. */
function watchMemory(
  child: Bun.Subprocess,
  most: number,
): { readonly stop: () => void; readonly isOver: () => boolean } {
  let over = false
  const stopping = new AbortController()
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
      const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
      if (kilobytes * 1024 > most && child.exitCode === null) {
        over = true
        return child.kill('SIGKILL')
      }
      await realEffects.sleep(watchEveryMs, stopping.signal)
    }
  }
  if (process.platform === 'linux') void watch()
  return { stop: () => stopping.abort(), isOver: () => over }
}

/** What a process needs to start at all; the variable keeps the entry from starting itself anew. */
function childEnvironment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'HOME'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(kept), BUN_CONFIG_MAX_HTTP_REQUESTS: '16' }
}
