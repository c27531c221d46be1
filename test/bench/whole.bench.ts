// The whole path as fast as it goes: 32 streams of 200 deltas at a time, 25 deltas in a network read, through each client API.
import { fixed, judged, median, type Say } from './figures.ts'
import { bareTarget, cpu, load, startGateway, startScript, type Target, targetOf } from './process.ts'
import { dialects } from './requests.ts'

const together = 32

type Figures = { readonly perSecond: number[]; readonly cpuMs: number[] }

/** A process has to compile what it runs: the first streams of a fresh one stand apart from what it does all day. */
export async function runWhole(say: Say, quick: boolean): Promise<void> {
  const rounds = quick ? 2 : 5
  const total = quick ? 200 : 2_000
  const upstream = await startScript('test/bench/upstream.ts')
  const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: upstream.url })
  const gateway = await startGateway(upstream.url)
  const targets = [bareTarget(bare), ...dialects.map((dialect) => targetOf(gateway, dialect))]
  let failed = 0

  async function measure(times: number): Promise<readonly Figures[]> {
    const figures = targets.map((): Figures => ({ perSecond: [], cpuMs: [] }))
    for (let round = 0; round < times; round++) {
      for (const [at, target] of targets.entries()) {
        const before = cpu(target.running.pid).totalMs
        const result = await load(target, together, total)
        figures[at]?.cpuMs.push((cpu(target.running.pid).totalMs - before) / total)
        figures[at]?.perSecond.push(result.streamsPerSecond ?? 0)
        failed += result.failed ?? 0
      }
    }
    return figures
  }
  const warmUp = async (streams: number): Promise<void> => {
    for (const target of targets) await load(target, together, streams)
  }

  await warmUp(quick ? 50 : 100)
  const [freshLeast, freshOurs] = await measure(1)
  await warmUp(quick ? 300 : 6_000)
  const [least, ...ours] = await measure(rounds)
  const perSecond = (figures: Figures | undefined): number => median(figures?.perSecond ?? [])
  const cpuOf = (figures: Figures | undefined): number => median(figures?.cpuMs ?? [])
  const tell = ({ name }: Target, figures: Figures | undefined): void =>
    say(
      `whole path, ${together} at a time: ${name}`,
      `${fixed(perSecond(figures), 0)} streams/s, ${fixed(cpuOf(figures))} ms CPU for each`,
    )
  tell(targets[0] as Target, least)
  for (const [at, figures] of ours.entries()) {
    tell(targets[at + 1] as Target, figures)
    say('  streams/s ÷ baseline', judged(perSecond(figures) / perSecond(least), { least: 0.75 }))
  }
  say(
    '  the same of the first streams of fresh processes, anthropic',
    fixed(perSecond(freshOurs) / perSecond(freshLeast)),
  )
  say('  failed streams', String(failed))
  await gateway.stop()
  await bare.stop()
  await upstream.stop()
}
