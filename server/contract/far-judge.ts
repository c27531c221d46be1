import { childCommand, runInChild } from '../documents/child.ts'
import { err, ok } from '../lib/result.ts'
import { createSeats } from '../lib/seats.ts'
import { type FarJudge, type Faults, type Loose, type SchemaFault, tooMuchToRead } from './judging.ts'

/** The hidden subcommand under which the program judges what stands on its standard input. */
export const judgeCommand = 'judge-by-schema'

const bounds = { timeMs: 10_000, memoryBytes: 1024 * 1024 * 1024 } as const
const never = new AbortController().signal

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

/** More than these are not even put in line: they would wait for minutes. */
export const mostJudgementsWaiting = 100

/** `waiting`: how many are in line. */
export type FarJudges = { readonly judge: FarJudge; readonly waiting: () => number }

/** Two at a time; the others wait. */
export function createFarJudges(
  command: readonly string[] = childCommand(judgeCommand),
  mostWaiting = mostJudgementsWaiting,
): FarJudges {
  const seats = createSeats(2)
  const judge: FarJudge = async (schema, values) => {
    if (seats.waiting() >= mostWaiting) return tooManyWait
    await seats.take(never)
    try {
      const bytes = new TextEncoder().encode(JSON.stringify({ schema, values } satisfies Asked))
      const told = await runInChild<Told>(command, bounds, bytes, never)
      if ('reason' in told) return tooMuchToRead
      return told.ok ? ok(told.value) : err(told.error)
    } catch {
      return tooMuchToRead // no process could be started
    } finally {
      seats.giveBack()
    }
  }
  return { judge, waiting: seats.waiting }
}

const tooManyWait = err<SchemaFault>({
  path: '',
  problem: 'is too much to judge now: too many others wait for it',
  isTooMuch: true,
})
