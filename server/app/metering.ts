import type { Caller } from '../access/admit.ts'
import { createIpRules, type IpRules } from '../access/ip-rules.ts'
import type { Ledger } from '../access/ledger.ts'
import { costOf, nothing, type Rate, type Standing, type Used } from '../access/limits.ts'
import { countLeftCalls, createLocalLedger } from '../access/local-ledger.ts'
import type { Reached } from '../access/reached.ts'
import { type Price, type PriceOverrides, type Pricing, priceOf, pricingOf, readPrices } from '../catalog/prices.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { CallerUsage } from '../http/usage-view.ts'
import { type Calendar, createCalendar } from '../lib/calendar.ts'
import type { Effects } from '../lib/effects.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import type { Logger } from '../observe/log.ts'
import type { Summary } from '../relay/record.ts'
import type { Store } from '../store/store.ts'
import { createCreditRates } from '../usage/credit-rate.ts'
import { type StoredSettings, settingOf } from './pool-settings.ts'

const minuteMs = 60_000
const maxPriced = 1_000

/** Who may still do what, and what calls cost. */
export type Metering = {
  readonly calendar: Calendar
  readonly ledger: Ledger
  readonly ips: IpRules
  readonly rateOf: (model: Pick<ModelInfo, 'id' | 'rate'>) => Rate
  /** What a model costs now, and who says so. */
  readonly pricingOf: (modelId: string) => Pricing
  /** What a finished call counts as; undefined: no call was made. */
  readonly usedOf: (summary: Summary) => Used | undefined
  /** A caller's own limits and use. */
  readonly usageOf: (caller: Caller) => Promise<CallerUsage>
  readonly standings: (caller: Caller) => Promise<readonly Standing[]>
  /** Takes over the settings as they are stored now. */
  readonly settingsChanged: (stored: StoredSettings) => void
  /** Counts the calls of a process that ended before they did. */
  readonly countLeft: () => Promise<void>
  /** Takes over blocked addresses and limits of single ones from the store. */
  readonly ipsChanged: () => Promise<void>
}

/** `isAlone`: no other process has calls under way. */
export async function createMetering(
  store: Pick<Store, 'usage' | 'ips'>,
  initial: StoredSettings,
  effects: Pick<Effects, 'now' | 'after'>,
  log: Logger,
  onReached: (reached: Reached) => void,
  onFailure: (error: unknown) => void,
  memory: WatchMemory = unwatched,
  isAlone = true,
): Promise<Metering> {
  let stored = initial
  let prices: PriceOverrides = new Map()
  const credits = createCreditRates(memory)
  const calendar = createCalendar(() => String(settingOf(stored, 'timezone')))
  const ledger = createLocalLedger({
    book: store.usage,
    calendar,
    effects,
    onFailure,
    onReached,
  })
  const ips = createIpRules({
    now: effects.now,
    limit: () => ({
      max: settingOf(stored, 'enable_ip_rate_limit') === true ? Number(settingOf(stored, 'ip_rate_limit_max')) : 0,
      windowMs: Number(settingOf(stored, 'ip_rate_limit_window')) * minuteMs,
    }),
    countVisit: ledger.countVisit,
  })
  const priced = new Map<string, Price>()
  memory('priced_models', () => priced.size, maxPriced)
  const priceOfModel = (id: string): Price => {
    const known = priced.get(id)
    if (known !== undefined) return known
    const price = priceOf(id, prices)
    if (priced.size >= maxPriced) priced.clear()
    priced.set(id, price)
    return price
  }
  const rateOf: Metering['rateOf'] = ({ id, rate }) => {
    const { inputMicroUsd, outputMicroUsd } = priceOfModel(id)
    return {
      inputMicroUsdPerMillion: inputMicroUsd,
      outputMicroUsdPerMillion: outputMicroUsd,
      ...credits.of(id, rate),
    }
  }
  const settingsChanged = (next: StoredSettings): void => {
    stored = next
    prices = pricesOf(next)
    priced.clear()
  }
  const ipsChanged = async (): Promise<void> => {
    ips.setBlocks(await store.ips.blocks())
    ips.setOwn(await store.ips.configs())
  }

  settingsChanged(initial)
  await ipsChanged()
  const countLeft = async (): Promise<void> => {
    const left = await countLeftCalls(store.usage, calendar, ledger.holds)
    if (left > 0) log.warn('usage.calls-left', { calls: left })
  }
  // A predecessor's calls are still under way.
  if (isAlone) await countLeft()

  return {
    calendar,
    ledger,
    ips,
    rateOf,
    pricingOf: (modelId) => pricingOf(modelId, prices),
    settingsChanged,
    countLeft,
    ipsChanged,
    usageOf: async ({ subjects }) => {
      await ledger.flush()
      const at = effects.now()
      const { day, month } = calendar(at)
      const standings = await ledger.standings(subjects)
      const rows = await Promise.all(subjects.map(({ id }) => store.usage.read(id, [day, month, 'all'])))
      return {
        at,
        subjects: subjects.map(({ kind, id }, index) => ({
          kind,
          id,
          standings: standings.filter(({ subject }) => subject.id === id),
          periods: { today: day, month, total: 'all' },
          used: rows[index] ?? new Map(),
        })),
      }
    },
    standings: ({ subjects }) => ledger.standings(subjects),
    usedOf: ({ outcome, usage, used: ofTurns, upstreamModel, lostCredits = 0 }) => {
      if (ofTurns !== undefined) return ofTurns
      // Calls that gave nothing are not the caller's, but what the provider took for them is gone.
      if (usage === undefined || upstreamModel === undefined)
        return lostCredits > 0 ? { ...nothing, credits: lostCredits } : undefined
      const { input, output } = usage
      const used = costOf(input.tokens, output.tokens, rateOf({ id: upstreamModel }))
      // The provider tells them at the end, which a call that was broken off did not reach.
      if (usage.credits === undefined) return { ...used, credits: used.credits + lostCredits }
      if (outcome === 'ok') credits.learn(upstreamModel, input.tokens, output.tokens, usage.credits)
      return { ...used, credits: usage.credits + lostCredits }
    },
  }
}

function pricesOf(stored: StoredSettings): PriceOverrides {
  try {
    const read = readPrices(JSON.parse(String(settingOf(stored, 'model_prices')) || '{}'))
    return read.ok ? read.value : new Map()
  } catch {
    return new Map()
  }
}
