import type { Language } from '../lib/appearance.ts'

type Part = Readonly<Record<string, string>>

/** The words of each area of the console, loaded when a page first needs them. English is the reference: the other language has exactly its keys and `{places}`. */
export const parts = {
  base: {
    en: () => import('./parts/base/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/base/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  accounts: {
    en: () => import('./parts/accounts/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/accounts/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  audit: {
    en: () => import('./parts/audit/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/audit/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  backup: {
    en: () => import('./parts/backup/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/backup/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  chart: {
    en: () => import('./parts/chart/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/chart/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  health: {
    en: () => import('./parts/health/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/health/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  integrations: {
    en: () => import('./parts/integrations/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/integrations/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  jobs: {
    en: () => import('./parts/jobs/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/jobs/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  handOver: {
    en: () => import('./parts/hand-over/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/hand-over/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  logs: {
    en: () => import('./parts/logs/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/logs/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  accountwork: {
    en: () => import('./parts/accountwork/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/accountwork/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  addresses: {
    en: () => import('./parts/addresses/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/addresses/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  routing: {
    en: () => import('./parts/routing/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/routing/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  models: {
    en: () => import('./parts/models/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/models/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  overview: {
    en: () => import('./parts/overview/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/overview/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  palette: {
    en: () => import('./parts/palette/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/palette/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  playground: {
    en: () => import('./parts/playground/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/playground/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  proxies: {
    en: () => import('./parts/proxies/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/proxies/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  refusals: {
    en: () => import('./parts/refusals/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/refusals/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  users: {
    en: () => import('./parts/users/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/users/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  scope: {
    en: () => import('./parts/scope/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/scope/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  settings: {
    en: () => import('./parts/settings/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/settings/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  shell: {
    en: () => import('./parts/shell/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/shell/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
  setup: {
    en: () => import('./parts/setup/en.ts').then(({ en }) => en),
    'zh-CN': () => import('./parts/setup/zh-cn.ts').then(({ zhCn }) => zhCn),
  },
} as const

export type Area = keyof typeof parts

/** Every area's English words as one type. */
export type Words = Intersection<{ [A in Area]: Awaited<ReturnType<(typeof parts)[A]['en']>> }[Area]>

type Intersection<Union> = (Union extends unknown ? (words: Union) => void : never) extends (words: infer All) => void
  ? All
  : never

/** The words of `areas` in one language. */
export async function loadParts(language: Language, areas: Iterable<Area>): Promise<Part> {
  const loaded = await Promise.all([...areas].map((area): Promise<Part> => parts[area][language]()))
  return Object.assign({}, ...loaded)
}
