import { type PdfReader, type PdfReading, pdfLimits, readPdf } from './pdf.ts'

/** The hidden subcommand under which the program reads one PDF from standard input and writes a `PdfReading` as JSON. */
export const readPdfCommand = 'read-pdf'

/** The child's side. Resolves to the exit code. */
export async function runPdfChild(): Promise<number> {
  const reading = await readPdf(new Uint8Array(await Bun.stdin.arrayBuffer()))
  await Bun.write(Bun.stdout, JSON.stringify(reading))
  return 0
}

/** This very program, asked to read a PDF: the executable alone, or Bun with the entry file. */
export const ownPdfCommand = (): readonly string[] =>
  Bun.isStandaloneExecutable ? [process.execPath, readPdfCommand] : [process.execPath, Bun.main, readPdfCommand]

/**
 * Reads PDFs in a process each, the only thing that can be stopped whatever the parser is doing and whose memory is given back
 * whole. At most two at a time; the others wait. The child gets no secrets: its environment is nearly empty.
 */
export function createPdfReader(command: readonly string[], timeMs: number = pdfLimits.timeMs): PdfReader {
  const waiting: (() => void)[] = []
  let free = 2

  /** False: the caller left the queue, there is no seat to give back. */
  async function seat(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    if (free > 0) {
      free--
      return true
    }
    return new Promise<boolean>((resolve) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve(true)
      }
      const leave = (): void => {
        waiting.splice(waiting.indexOf(enter), 1)
        resolve(false)
      }
      waiting.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  function giveBack(): void {
    const next = waiting.shift()
    if (next) next()
    else free++
  }

  return async (bytes, signal) => {
    if (!(await seat(signal))) return cancelled
    try {
      return await readInChild(command, timeMs, bytes, signal)
    } finally {
      giveBack()
    }
  }
}

const cancelled: PdfReading = { ok: false, reason: 'was not read: the caller left' }

async function readInChild(
  command: readonly string[],
  timeMs: number,
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<PdfReading> {
  const child = Bun.spawn([...command], {
    stdin: new Blob([bytes]),
    stdout: 'pipe',
    stderr: 'ignore',
    env: childEnvironment(),
    timeout: timeMs,
    killSignal: 'SIGKILL',
    signal,
  })
  const [output] = await Promise.all([new Response(child.stdout).text(), child.exited])
  if (signal.aborted) return cancelled
  if (child.signalCode === 'SIGKILL') return { ok: false, reason: `could not be read within ${timeMs / 1_000} seconds` }
  try {
    return JSON.parse(output) as PdfReading // our own child wrote it
  } catch {
    return { ok: false, reason: 'cannot be read: the reader failed' }
  }
}

/** What a process needs to start at all; the variable keeps the entry from starting itself anew. */
function childEnvironment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'HOME'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(kept), BUN_CONFIG_MAX_HTTP_REQUESTS: '16' }
}
