import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const places = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Chromium on this machine, or undefined: the project downloads none. */
export const browserPath: string | undefined = places.find((place) => place !== '' && existsSync(place))

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ ...(browserPath === undefined ? {} : { executablePath: browserPath }), args: ['--no-sandbox'] })

/** A page that notes what must never happen. */
export type WatchedPage = {
  readonly page: Page
  /** Violations of the content security policy and errors of the page's own code. */
  readonly faults: readonly string[]
  /** Every address that was asked for. */
  readonly addresses: readonly string[]
  readonly close: () => Promise<void>
}

/** Those that no test has closed: each closes its own, unless it fails. */
const leftOpen = new Map<Page, WatchedPage>()

/** Says what stands on the pages that the test which has just ended left open, and closes them: why it failed shows there. */
export async function tellLeftOpen(): Promise<void> {
  for (const [page, { faults, addresses, close }] of leftOpen) {
    const seen = page.evaluate(() => {
      const focused = document.activeElement
      const dialogs = [...document.querySelectorAll('[role="dialog"]')]
      const shown = dialogs.at(-1) ?? document.querySelector('main') ?? document.body
      return {
        focus: `${focused?.tagName} ${focused?.getAttribute('aria-label') ?? focused?.textContent?.trim().slice(0, 60)}`,
        dialogs: dialogs.length,
        shown: shown.textContent?.replaceAll(/\s+/g, ' ').slice(0, 600),
      }
    })
    const told = await Promise.race([seen, Bun.sleep(5_000).then(() => 'it does not answer')]).catch(String)
    console.error(`left open: ${page.url()}`, told, { faults, asked: addresses.slice(-5) })
    await close()
  }
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const faults: string[] = []
  const addresses: string[] = []
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  page.on('console', (message) => {
    // Answers such as 401 are part of the checks; the browser reports them here too.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => addresses.push(request.url()))
  const close = (): Promise<void> => {
    leftOpen.delete(page)
    return context.close()
  }
  const watched = { page, faults, addresses, close }
  leftOpen.set(page, watched)
  return watched
}

/** What axe-core finds wrong in the page, or in a part of it; one line each. */
export async function accessibilityFaults(page: Page, within = 'html'): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async (part) => {
    const { run } = (window as unknown as { readonly axe: typeof axe }).axe
    // What is still fading in has less contrast for a moment.
    const fading = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(fading.map(({ finished }) => finished))
    // Nothing is told of what passes: that took two thirds of the time.
    const { violations } = await run(part, { resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  }, within)
}

export const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)

/** What lies over the neighbour of its cell in a table, though it is to be seen. */
export const beyondCells = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('main td')].flatMap((cell) => {
      const { right } = cell.getBoundingClientRect()
      const isCut = (part: Element | null): boolean =>
        part !== null && part !== cell && (getComputedStyle(part).overflowX !== 'visible' || isCut(part.parentElement))
      return [...cell.querySelectorAll('*')]
        .filter((part) => part.getBoundingClientRect().right > right + 1 && !isCut(part.parentElement))
        .map((part) => part.textContent ?? part.tagName)
    }),
  )

/** What each step of `steps` costs the page's main thread, ms of its own time: how busy the machine is does not matter. */
export async function costs(
  page: Page,
  steps: number,
  step: (index: number) => Promise<void>,
): Promise<readonly number[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
  }
  const each: number[] = []
  for (let index = 0; index < steps; index++) {
    const before = await spent()
    await step(index)
    each.push(Math.round((await spent()) - before))
  }
  return each
}

type TraceEvent = {
  readonly pid: number
  readonly tid: number
  readonly name: string
  /** On the processor, µs. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** The longest single task of the pages' main threads while `act` runs, ms on the processor: how busy the machine is does not matter. */
export async function longestTask(page: Page, act: () => Promise<unknown>): Promise<number> {
  const browser = page.context().browser()
  if (browser === null) throw new Error('a page without a browser')
  const session = await browser.newBrowserCDPSession()
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as readonly TraceEvent[])))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel'], excludedCategories: ['*'] },
  })
  await act()
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  await session.detach()
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`
  const mains = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(threadOf),
  )
  const tasks = events.filter((event) => mains.has(threadOf(event))).map(({ tdur = 0 }) => tdur / 1000)
  if (!tasks.some((ms) => ms > 0)) throw new Error('the browser told of no task')
  return Math.round(Math.max(...tasks))
}
