import { childCommand, runInChild } from '../documents/child.ts'
import { realEffects } from '../lib/effects.ts'
import { err, ok } from '../lib/result.ts'
import { createSeats } from '../lib/seats.ts'
import { type Asker, type FarJudge, type Faults, type Loose, type SchemaFault, tooMuchToRead } from './judging.ts'

/** The hidden subcommand under which the program judges what stands on its standard input. */
export const judgeCommand = 'judge-by-schema'

const bounds = { timeMs: 10_000, memoryBytes: 1024 * 1024 * 1024 } as const

type Asked = { readonly schema: Loose; readonly values: readonly unknown[] }
type Told =
  | { readonly ok: true; readonly value: readonly Faults[] }
  | { readonly ok: false; readonly error: SchemaFault }

/** The child's side. Resolves to the exit code. */
export async function runJudgeChild(): Promise<number> {
  const { createJudge, farBounds } = await import('./schema-judge.ts')
  const { schema, values } = JSON.parse(await Bun.stdin.text()) as Asked
  const judge = createJudge(schema, farBounds)
  const told: Told = judge.ok ? ok(values.map((value) => judge.value(value))) : judge
  await Bun.write(Bun.stdout, JSON.stringify(told))
  return 0
}

/** More than these are not even put in line, of all callers and of one; one may have more while the line is short. */
export const mostJudgementsWaiting = 100
const mostOfOne = 20
const shortLine = 60
/** In line. */
const waitMs = 30_000

/** `waiting`: how many are in line. */
export type FarJudges = { readonly judge: FarJudge; readonly waiting: () => number }

type LineBounds = { readonly all: number; readonly ofOne: number; readonly short: number; readonly waitMs: number }

/** Three at a time, two of them for one caller; the others wait, for so long and while anybody waits for them. */
export function createFarJudges(
  command: readonly string[] = childCommand(judgeCommand),
  line: Partial<LineBounds> = {},
): FarJudges {
  const most: LineBounds = { all: mostJudgementsWaiting, ofOne: mostOfOne, short: shortLine, waitMs, ...line }
  const seats = createSeats(3, 2)

  /** False: its turn did not come. */
  async function takeSeat({ signal, callerId = '' }: Asker): Promise<boolean> {
    if (seats.waiting() >= (seats.waiting(callerId) < most.ofOne ? most.all : most.short)) return false
    const waiting = new AbortController()
    const cancelTimer = realEffects.after(most.waitMs, () => waiting.abort())
    const hasSeat = await seats.take(AbortSignal.any([signal, waiting.signal]), callerId)
    cancelTimer()
    return hasSeat
  }

  const judge: FarJudge = async (schema, values, asker) => {
    if (!(await takeSeat(asker))) return tooManyWait
    try {
      const bytes = new TextEncoder().encode(JSON.stringify({ schema, values } satisfies Asked))
      const told = await runInChild<Told>(command, bounds, bytes, asker.signal)
      if ('reason' in told) return tooMuchToRead
      return told.ok ? ok(told.value) : err(told.error)
    } catch {
      return tooMuchToRead // no process could be started
    } finally {
      seats.giveBack(asker.callerId)
    }
  }
  return { judge, waiting: () => seats.waiting() }
}

const tooManyWait = err<SchemaFault>({
  path: '',
  problem: 'could not be judged now: too many others wait for it',
  isTooMuch: true,
  isBusy: true,
})
