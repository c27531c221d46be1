import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { PlainKey } from '../../ui/src/i18n/dictionary.ts'
import { accessibilityFaults, scrollsSideways, type WatchedPage } from '../support/browser.ts'
import { consolePaths, signedIn, signIn, smallTargets } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { en, zhCn } from '../support/words.ts'

consoleTests(looks)

/** Pressed one after the other; `row`: the menu of the first account. */
type Way = readonly (PlainKey | 'row')[]

/** What appears has appeared: colours are judged as they stay. What turns goes on turning. */
const standsStill = (page: Page): Promise<unknown> =>
  page.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    return Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)))
  })

/** Every window that opens without anything having to be made first; those of a flow are looked at in its own test. */
const windows: readonly { readonly path: string; readonly ways: readonly Way[] }[] = [
  {
    path: '/accounts',
    ways: [
      ['accounts.add'],
      ['accounts.add', 'add.token'],
      ['accounts.add', 'add.import'],
      ['accounts.moreActions', 'accounts.export.all'],
      ['accounts.moreActions', 'accounts.deletedTitle'],
      ['row', 'accounts.setProxy'],
      ['row', 'accounts.signInAgain'],
    ],
  },
  { path: '/users', ways: [['users.create'], ['users.createMany'], ['users.more', 'users.recent']] },
  { path: '/users/owner', ways: [['users.newKey']] },
  {
    path: '/logs',
    ways: [
      ['logs.moreActions', 'logs.capture.menu'],
      ['logs.moreActions', 'logs.delete.menu'],
    ],
  },
  { path: '/logs?view=addresses', ways: [['addresses.blockOne']] },
  { path: '/models', ways: [['models.add'], ['models.priceAdd']] },
  { path: '/proxies', ways: [['proxies.add'], ['proxies.globalEdit']] },
  {
    path: '/settings/security',
    ways: [['settings.tokens.create'], ['settings.people.add'], ['settings.factor.turnOn']],
  },
  { path: '/health?tab=about', ways: [['health.reportOpen']] },
  { path: '/', ways: [['jobs.title']] },
]

function looks({ gateway, openPage }: ConsoleStand): void {
  beforeAll(async () => {
    await gateway.admin('POST', '/v2/users', { name: 'Somebody', request_quota: 10 })
    await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': gateway.key },
      body: JSON.stringify({ model: 'claude-sonnet-4.5', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] }),
    }).then((response) => response.text())
  })
  const open = async (options: BrowserContextOptions) => {
    const opened = await openPage(options)
    await signIn(opened.page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await signedIn(opened.page)
    return opened
  }
  const shown = async (page: Page, path: string): Promise<void> => {
    await page.goto(gateway.url + path)
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' })
    await page.waitForLoadState('networkidle')
  }

  describe.each([
    ['en-US', 'light', 1280],
    ['zh-CN', 'dark', 1280],
    ['zh-CN', 'light', 360],
    ['en-US', 'dark', 360],
  ] as const)('in %s, %s, %p px wide, axe finds nothing and nothing lies beside the screen (11, 49, 51)', (...look) => {
    const [locale, colorScheme, width] = look
    const words = locale === 'zh-CN' ? zhCn : en
    let watched: WatchedPage
    // A page of its own for each: one that a test leaves open is closed after it.
    beforeEach(async () => {
      watched = await open({ locale, colorScheme, viewport: { width, height: 740 }, hasTouch: width < 700 })
    })
    afterEach(() => watched.close())
    const press = async (step: PlainKey | 'row'): Promise<void> => {
      const { page } = watched
      const exact = {
        name: step === 'row' ? new RegExp(words['common.more'].replace('{name}', '.*sim-1.*')) : words[step],
        exact: true,
      }
      const target = page
        .getByRole('button', exact)
        .or(page.getByRole('menuitem', exact))
        .or(page.getByRole('tab', exact))
      await target.first().click()
    }

    test.each(windows)('every window of $path', async ({ path, ways }) => {
      const { page, faults } = watched
      await shown(page, path)
      for (const way of ways) {
        // The drawer that the address opens stays beneath.
        await page.evaluate(() => {
          for (const one of document.querySelectorAll<HTMLElement>('[role=dialog]')) one.dataset.beneath = ''
        })
        for (const step of way) await press(step)
        const window = page.locator('[role=dialog]:not([data-beneath])')
        await window.waitFor()
        await standsStill(page)
        const wrong = await accessibilityFaults(page, '[role=dialog]:not([data-beneath])')
        const found = { way, faults: wrong, sideways: await scrollsSideways(page) }
        expect(found).toEqual({ way, faults: [], sideways: false })
        if (width < 700) expect([way, await smallTargets(page, '[role=dialog]:not([data-beneath])')]).toEqual([way, []])
        await page.keyboard.press('Escape')
        await window.waitFor({ state: 'detached' })
      }
      expect(faults).toEqual([])
    })

    test('the palette, and the menu of who is signed in', async () => {
      const { page, faults } = watched
      await shown(page, '/')
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: words['palette.title'] }).waitFor()
      await standsStill(page)
      expect(await accessibilityFaults(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: words['me.label'], exact: true }).click()
      await page.getByRole('menuitem', { name: words['me.devices'] }).waitFor()
      await standsStill(page)
      expect(await accessibilityFaults(page)).toEqual([])
      expect(faults).toEqual([])
    })
  })

  test.each(['en-US', 'zh-CN'])(
    'for fingers everything that is pressed is 44 px high and wide (51): %s',
    async (locale) => {
      const { page, close } = await open({ locale, viewport: { width: 360, height: 740 }, hasTouch: true })
      const small: Record<string, readonly string[]> = {}
      const idOf = async (route: string, list: string): Promise<unknown> =>
        ((await gateway.admin('GET', route)) as Record<string, { id: string }[]>)[list]?.[0]?.id
      const [account, request] = await Promise.all([idOf('/v2/accounts', 'accounts'), idOf('/v2/logs', 'logs')])
      const drawers = [
        ...['overview', 'requests', 'events', 'routing', 'settings'].map((tab) => `/accounts/${account}?tab=${tab}`),
        ...['keys', 'addresses', 'requests'].map((tab) => `/users/owner?tab=${tab}`),
        `/logs/${request}`,
        ...['log', 'about'].map((tab) => `/health?tab=${tab}`),
      ]
      for (const path of [...consolePaths, ...drawers]) {
        await shown(page, path)
        const found = await smallTargets(page)
        if (found.length > 0) small[path] = found
      }
      expect(small).toEqual({})
      await close()
    },
  )

  test('who wants less motion gets none, and forced colours leave focus, badges and meters to be seen (53)', async () => {
    const { page, close } = await open({
      locale: 'en-US',
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 740 },
    })
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await page.getByRole('dialog').waitFor()
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('*')].flatMap((element) => {
        const { transitionProperty, transitionDuration, animationName, animationDuration } = getComputedStyle(element)
        const longest = (text: string): number => Math.max(...text.split(',').map((part) => Number.parseFloat(part)))
        const moves = longest(transitionDuration) > 0 && /transform|translate|scale|all/.test(transitionProperty)
        const long =
          longest(transitionDuration) > 0.08 || (animationName !== 'none' && longest(animationDuration) > 0.08)
        return moves || long ? [`${element.tagName} ${transitionProperty} ${animationName}`] : []
      }),
    )
    expect(moving).toEqual([])
    await close()

    const forced = await open({ locale: 'en-US', forcedColors: 'active', viewport: { width: 1280, height: 740 } })
    await forced.page.getByText('Ready', { exact: true }).first().waitFor()
    const seen = await forced.page.evaluate(() => {
      const badge = [...document.querySelectorAll('tbody span')].find(({ textContent }) => textContent === 'Ready')
      const button = document.querySelector<HTMLElement>('tbody button')
      button?.focus({ focusVisible: true } as FocusOptions)
      const meter = document.querySelector('[role=meter] .forced-fill')
      return {
        badge: badge && getComputedStyle(badge.closest('.forced-border') ?? badge).borderTopStyle,
        focus: button && getComputedStyle(button).outlineStyle,
        meter: meter && getComputedStyle(meter).forcedColorAdjust,
      }
    })
    expect(seen).toEqual({ badge: 'solid', focus: 'solid', meter: 'none' })
    expect(await accessibilityFaults(forced.page)).toEqual([])
    await forced.close()
  })

  test('words two fifths longer than English push nothing off the screen and are not cut (52)', async () => {
    for (const width of [1280, 360]) {
      const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width, height: 740 } })
      let translated = 0
      await page.route('**/assets/*.js', async (route) => {
        const response = await route.fetch()
        const text = await response.text()
        // `"area.word":"…"`, as the bundler leaves a dictionary.
        const longer = text.replace(
          /(["'`])([a-z]\w*(?:\.[\w-]+)+)\1:(["'`])((?:\\.|(?!\3)[^\\])*)\3/gi,
          (_, quote: string, key: string, mark: string, value: string) => {
            translated++
            return `${quote}${key}${quote}:${mark}${stretched(value)}${mark}`
          },
        )
        await route.fulfill({ response, body: longer })
      })
      await page.goto(`${gateway.url}/login?next=/accounts`)
      await page.locator('[autocomplete=current-password]').fill(adminPassword)
      await page.locator('button[type=submit]').click()
      await signedIn(page)
      expect(translated).toBeGreaterThan(150)
      const cut: Record<string, readonly string[]> = {}
      for (const path of consolePaths) {
        await shown(page, path)
        expect([path, width, await scrollsSideways(page)]).toEqual([path, width, false])
        const found = await page.evaluate(() =>
          [...document.querySelectorAll<HTMLElement>('button, label, h1, h2, h3, th, dt, option, legend')].flatMap(
            (element) => {
              const { overflowX, display, clipPath } = getComputedStyle(element)
              if (display === 'none' || display === 'inline' || overflowX === 'visible') return []
              // Only read out.
              if (clipPath !== 'none' || element.clientWidth <= 1) return []
              if (element.scrollWidth <= element.clientWidth + 1 || element.closest('[title]')) return []
              return [`${element.tagName} ${element.textContent?.slice(0, 40)}`]
            },
          ),
        )
        if (found.length > 0) cut[path] = found
      }
      expect(cut).toEqual({})
      expect(faults).toEqual([])
      await close()
    }
  })
}

const accents: Readonly<Record<string, string>> = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', O: 'Ó' }

/** Two fifths longer, with accents, and its places as they were. */
function stretched(text: string): string {
  const other = text.replace(/\{\w+\}|\\.|[aeiouAEO]/g, (part) => accents[part] ?? part)
  return `${other}${' ~ó'.repeat(Math.ceil((text.length * 0.4) / 3))}`
}
