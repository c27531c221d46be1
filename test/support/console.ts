import { expect } from 'bun:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { AccountList, AccountListItem, AccountState } from '../../server/admin/contract/accounts.ts'

/** Five requests for the overview to show: three streams, one whole answer, one refused. */
export async function askFive(url: string, key: string): Promise<void> {
  const ask = (stream: boolean, model = 'claude-sonnet-4.5') =>
    fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ model, max_tokens: 50, stream, messages: [{ role: 'user', content: 'Say hello.' }] }),
    }).then((response) => response.text())
  await Promise.all([ask(true), ask(true), ask(true), ask(false), ask(false, 'no-such-model')])
}

/** A figure of the overview. */
export const tile = (page: Page, name: string) => page.locator('dl > div').filter({ hasText: name }).first()

/** Every page behind sign-in, and what the pages open by their address. */
export const consolePaths = [
  '/',
  '/logs',
  '/logs?view=addresses',
  '/accounts',
  '/users',
  '/users/owner',
  '/integrations',
  '/playground',
  '/models',
  '/proxies',
  '/backup',
  '/settings',
  '/settings/security',
  '/health',
  '/nothing/here',
  '/password',
] as const

/** Both languages, and both ways a page is laid out: for a mouse on a desk, and for a thumb. */
export const bothLooks = [
  ['en-US', 1280],
  ['zh-CN', 360],
] as const

export const look = (locale: string, width: number): BrowserContextOptions => ({
  ...{ locale, viewport: { width, height: 740 }, hasTouch: width < 700 },
})

/** As when another tab comes before it, or when it comes back. */
export const hideTab = (page: Page, hidden: boolean): Promise<void> =>
  page.evaluate((isHidden) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (isHidden ? 'hidden' : 'visible'),
    })
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
  }, hidden)

/** Signs in on the page at `url`. */
export async function signIn(page: Page, url: string, password: string): Promise<void> {
  await page.goto(url)
  await page.locator('[autocomplete=current-password]').fill(password)
  await page.locator('button[type=submit]').click()
}

/** The sign-in is over; its own address ends in the next page's too. */
export const signedIn = (page: Page): Promise<void> => page.waitForURL(({ pathname }) => pathname !== '/login')

/** What has the focus: its name for who listens, else its text. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement
    const field = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
    const label = field ? element.labels?.[0]?.textContent : undefined
    const labelledBy = document.getElementById(element?.getAttribute('aria-labelledby')?.split(' ')[0] ?? '')
    return element?.getAttribute('aria-label') ?? labelledBy?.textContent ?? label ?? element?.textContent ?? ''
  })

/** Waits until the focus is on what is called so, and shows what had it instead. */
export async function focusIs(page: Page, name: string): Promise<void> {
  const until = Date.now() + 20_000
  while (!(await focused(page)).startsWith(name) && Date.now() < until) await Bun.sleep(50)
  expect(await focused(page)).toStartWith(name)
}

/**
 * Answers the list of accounts with made-up ones, made from the first real one, page by page: states that would take a provider
 * days. The list may be changed between two answers.
 */
export async function showAccounts(
  page: Page,
  items: () => readonly Partial<AccountListItem>[],
): Promise<() => number> {
  let answers = 0
  await page.route('**/v2/accounts?*', async (route) => {
    const response = await route.fetch()
    const list = (await response.json()) as AccountList
    const [first] = list.accounts
    const all = items().map((item) => ({ ...first, troubles: [], ...item }) as AccountListItem)
    const { searchParams } = new URL(route.request().url())
    const status = searchParams.get('status') ?? 'all'
    const matching = all.filter(({ state }) => status === 'all' || state === status)
    const [page, pageSize] = [Number(searchParams.get('page') ?? 1), Number(searchParams.get('pageSize') ?? 100)]
    const accounts = matching.slice((page - 1) * pageSize, page * pageSize)
    const counts: Record<string, number> = {}
    for (const { state } of all) counts[state] = (counts[state] ?? 0) + 1
    answers += 1
    await route.fulfill({
      response,
      json: {
        ...list,
        accounts,
        counts,
        count: accounts.length,
        total: matching.length,
        pagination: { total: matching.length, page, pageSize, pages: Math.ceil(matching.length / pageSize) },
        accountStats: { ...list.accountStats, totalCount: all.length },
      } satisfies AccountList,
    })
  })
  return () => answers
}

export const inTime = (ms: number): string => new Date(Date.now() + ms).toISOString()

/** An account to show. */
export const someAccount = (label: string, state: AccountState, more: Partial<AccountListItem> = {}) => ({
  id: `acc_${label}_${Bun.hash(label).toString(36)}`,
  label,
  state,
  enabled: state !== 'disabled',
  state_until: null,
  status_reason: null,
  status_kind: null,
  ...more,
})

/** What a finger would miss: whatever is pressed and is not 44 px high and wide. */
export const smallTargets = (page: Page, within = 'body'): Promise<readonly string[]> =>
  page.evaluate((within) => {
    const names: string[] = []
    const wanted = 'a, button, select, textarea, input, summary, [role=switch], [role=slider], [role=tab]'
    for (const element of (document.querySelector(within) ?? document).querySelectorAll<HTMLElement>(wanted)) {
      const label =
        element.closest('label') ?? (element.id ? document.querySelector(`label[for="${element.id}"]`) : null)
      const box = element.getBoundingClientRect()
      const around = label?.getBoundingClientRect()
      const style = getComputedStyle(element)
      // Not there, read out only, or words in a line of text.
      if (style.visibility === 'hidden' || box.width <= 1 || box.height <= 1) continue
      if (style.display === 'inline' || style.pointerEvents === 'none' || style.clipPath !== 'none') continue
      const height = Math.max(box.height, around?.height ?? 0)
      const width = Math.max(box.width, around?.width ?? 0)
      if (Math.min(height, width) < 43.5)
        names.push(
          `${element.tagName} ${element.getAttribute('aria-label') ?? element.textContent?.slice(0, 40)} ${Math.round(width)} × ${Math.round(height)}`,
        )
    }
    return names
  }, within)
