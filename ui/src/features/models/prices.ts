import type { PlainKey } from '../../i18n/dictionary.ts'

/** What a million tokens cost, in dollars: input, output. */
export type Pair = readonly [input: number, output: number]
/** The operator's own prices by model name, or by its beginning with `*`. */
export type Overrides = Readonly<Record<string, Pair>>

/** As they are typed. */
export type PriceForm = { readonly name: string; readonly input: string; readonly output: string }
export type PriceFaults = { readonly [Name in keyof PriceForm]?: PlainKey }

const mostUsd = 1_000_000
const longestName = 200

/** The setting `modelPrices`; what is no price in it is left out. */
export function readOverrides(setting: string): Overrides {
  try {
    const value: unknown = JSON.parse(setting || '{}')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Pair] => isPair(entry[1])))
  } catch {
    return {}
  }
}

const isPair = (value: unknown): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'number')

/** The setting with one price set; undefined: taken away. */
export function writeOverride(setting: string, name: string, price: Pair | undefined): string {
  const { [name]: _, ...others } = readOverrides(setting)
  return JSON.stringify(price === undefined ? others : { ...others, [name]: price })
}

export function priceFaults({ name, input, output }: PriceForm): PriceFaults {
  const faultOf = (text: string): PlainKey | undefined => {
    if (text.trim() === '') return 'common.required'
    const value = Number(text)
    const isPrice = Number.isFinite(value) && value >= 0 && value <= mostUsd
    return isPrice && /^\d*(\.\d{0,6})?$/.test(text.trim()) ? undefined : 'models.priceRange'
  }
  const trimmed = name.trim()
  const faults = {
    name:
      trimmed === ''
        ? ('common.required' as const)
        : trimmed.length > longestName
          ? ('models.long' as const)
          : /\*(?=.)/.test(trimmed)
            ? ('models.nameStar' as const)
            : undefined,
    input: faultOf(input),
    output: faultOf(output),
  }
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined)) as PriceFaults
}

export const pairOf = ({ input, output }: PriceForm): Pair => [Number(input), Number(output)]
