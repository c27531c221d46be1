import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { contentSecurityPolicy } from '../../server/console/security-headers.ts'
import {
  accessibilityFaults,
  beyondCells,
  browserPath,
  openPage,
  scrollsSideways,
  startBrowser,
  tellLeftOpen,
} from '../support/browser.ts'
import { gatewayCommand } from '../support/command.ts'
import { bothLooks, consolePaths, focusIs, look, signedIn, signIn } from '../support/console.ts'
import { adminPassword, type Gateway, startGateway } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'
import { sayIn } from '../support/words.ts'

// Two shared cores may be slow, and a test that runs out of time takes the browser with it.
setDefaultTimeout(180_000)

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterEach(tellLeftOpen)
afterAll(() => gateway.stop())

/** What no native reader would say, and was said once. */
const retired =
  /since now|Proxy of its own|leaves by|The look through it|Like the system|My menu|(?<!来)自 \d|需要设置码，且|我的菜单|词元/

const html = { accept: 'text/html,*/*;q=0.8' }

describe('the console over HTTP', () => {
  const fetchPlain = (route: string, headers: Record<string, string>): Promise<Response> =>
    fetch(gateway.url + route, { headers, decompress: false } as RequestInit)

  test('the page comes with the content security policy, for every path of its own (11)', async () => {
    for (const route of ['/', '/login', '/accounts', '/users', '/hand-over']) {
      const response = await fetchPlain(route, { ...html, 'accept-encoding': 'identity' })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
      expect(response.headers.get('cache-control')).toBe('no-cache')
      expect(await response.text()).toContain('<div id="root">')
    }
  })

  test('its scripts come compressed, may be kept for ever, and are a 304 when known', async () => {
    const page = await (await fetchPlain('/', { ...html, 'accept-encoding': 'identity' })).text()
    const script = /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(page)?.[1] ?? ''
    const response = await fetchPlain(script, { 'accept-encoding': 'br, gzip' })
    expect(response.headers.get('content-encoding')).toBe('br')
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(brotliDecompressSync(Buffer.from(await response.arrayBuffer())).length).toBeGreaterThan(1000)
    const etag = response.headers.get('etag') ?? ''
    expect((await fetchPlain(script, { 'accept-encoding': 'br', 'if-none-match': etag })).status).toBe(304)
  })

  test('the page never stands in for an API', async () => {
    for (const route of ['/v1/nothing', '/v2/nothing', '/api/nothing', '/assets/nothing.js']) {
      const response = await fetchPlain(route, html)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.headers.get('content-type')).not.toContain('text/html')
    }
  })
})

if (browserPath === undefined) {
  leftOut('Chromium')
} else {
  driveThePages()
}

function driveThePages(): void {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test('a wrong password says so, the right one leads to where the visitor was going (9)', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await page.goto(`${gateway.url}/users`)
    await page.waitForURL('**/login?next=**')
    await page.locator('[autocomplete=current-password]').fill('not this one')
    await page.locator('button[type=submit]').click()
    await page.getByText('That password is not right.').waitFor()
    await page.locator('[autocomplete=current-password]').fill(adminPassword)
    await page.locator('button[type=submit]').click()
    await page.waitForURL('**/users')
    await page.getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('an address of another site is not followed after sign-in (9)', async () => {
    const { page, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=//evil.example/x`, adminPassword)
    await page.waitForURL(`${gateway.url}/`)
    await close()
  })

  test('a key is shown once and answers in the playground; nothing secret is kept by the browser (10, 31)', async () => {
    const { page, faults, addresses, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'New key for Owner' })
    await dialog.getByLabel('Name', { exact: true }).fill('made in the console')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    const key = await dialog.getByLabel('New key').inputValue()
    expect(key.length).toBeGreaterThan(20)
    await page.keyboard.press('Escape')
    await dialog.getByText('The key has not been copied yet.').waitFor()
    await dialog.getByRole('button', { name: 'Close without the key' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain(key)
    await page.getByText('made in the console', { exact: true }).waitFor()

    await page.goto(`${gateway.url}/playground`)
    await page.getByLabel('Message').fill('Say <b>hello</b>. [[marker:console]]')
    await page.keyboard.press('Enter')
    // Waited for, then compared: a failure shows what the page said instead.
    await page
      .getByText(/tokens? in/)
      .waitFor()
      .catch(() => undefined)
    expect(await page.locator('main').textContent()).toMatch(
      /to the first token.*tokens? in.*The answer is complete\./s,
    )
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    expect(stored).not.toContain(key)
    expect(stored).not.toContain(adminPassword)
    expect(addresses.filter((address) => address.includes(key) || new URL(address).origin !== gateway.url)).toEqual([])
    const cookies = await page.context().cookies()
    expect(cookies.map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite }))).toEqual([
      { httpOnly: true, sameSite: 'Strict' },
    ])
    expect(faults).toEqual([])
    await close()
  })

  test('a device sign-in adds an account as soon as the provider’s page allows it', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: 'Add account' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Display name/).fill('by device')
    await dialog.getByRole('button', { name: 'Get a code' }).click()
    const link = dialog.getByRole('link', { name: 'Open the sign-in page' })
    await dialog.getByText('Waiting for you to sign in…').waitFor()
    const userCode = (await dialog.locator('code').textContent()) ?? ''
    expect(await link.getAttribute('href')).toContain(userCode)
    expect(gateway.simulator.signIns.approve(userCode)).toBe(true)
    await dialog
      .getByRole('button', { name: 'Done' })
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined)
    await dialog
      .getByText(/is ready\./)
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined)
    expect(await dialog.textContent()).toContain(' is ready.')
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('by device', { exact: true }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('an ended session asks for the password over the page, which stays (12)', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/playground`, adminPassword)
    await page.getByLabel('Message').fill('half a thought')
    await page.context().clearCookies()
    // Not by the mouse: the page may have noticed by itself, and then the dialog lies over it.
    await page.getByRole('link', { name: 'Users & keys' }).dispatchEvent('click')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('You were signed out.').waitFor()
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  // Two side by side in one browser: what a page waits for is no work.
  test.each([
    [
      'wide',
      1280,
      [
        ['en-US', 'light'],
        ['zh-CN', 'dark'],
      ],
    ],
    [
      'narrow',
      360,
      [
        ['zh-CN', 'light'],
        ['en-US', 'dark'],
      ],
    ],
  ] as const)(
    'every page in both languages and themes, %s: axe finds nothing, nothing scrolls sideways, nobody else is asked (11, 49, 51, 57, U15)',
    async (_, width, looks) => {
      const walk = async ([locale, colorScheme]: (typeof looks)[number]): Promise<void> => {
        const at = `${locale} ${colorScheme}`
        const { page, faults, addresses, close } = await openPage(browser, {
          ...{ locale, colorScheme, viewport: { width, height: 740 }, hasTouch: width < 700 },
        })
        await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
        await signedIn(page)
        expect([at, await page.getAttribute('html', 'lang')]).toEqual([at, locale === 'zh-CN' ? 'zh-CN' : 'en'])
        expect([at, await page.getAttribute('html', 'data-theme')]).toEqual([at, colorScheme])
        for (const path of consolePaths) {
          await page.goto(gateway.url + path)
          await page.waitForLoadState('networkidle')
          await page.locator('h1').waitFor()
          const found = { faults: await accessibilityFaults(page), sideways: await scrollsSideways(page) }
          expect({ at, path, ...found }).toEqual({ at, path, faults: [], sideways: false })
          const text = (await page.locator('body').textContent()) ?? ''
          expect([at, path, retired.exec(text)?.[0]]).toEqual([at, path, undefined])
          if (width < 700) continue
          // The narrowest that has tables, and those that people have.
          for (const other of [768, 1024, 1440]) {
            await page.setViewportSize({ width: other, height: 740 })
            const found = { sideways: await scrollsSideways(page), beyond: await beyondCells(page) }
            expect({ at, path, other, ...found }).toEqual({ at, path, other, sideways: false, beyond: [] })
          }
          await page.setViewportSize({ width, height: 740 })
        }
        expect([at, faults]).toEqual([at, []])
        expect(addresses.filter((address) => new URL(address).origin !== gateway.url)).toEqual([])
        await close()
      }
      await Promise.all(looks.map(walk))
    },
    300_000,
  )

  test('the language changes without a reload', async () => {
    const { page, addresses, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    const before = addresses.filter((address) => address.endsWith('/accounts')).length
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menuitemradio', { name: '简体中文' }).click()
    await page.getByRole('heading', { level: 1, name: '账号' }).waitFor()
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN')
    await page.waitForFunction(() => document.title.startsWith('账号'))
    expect(addresses.filter((address) => address.endsWith('/accounts')).length).toBe(before)
    await close()
  })

  test.each(bothLooks)(
    'on the machine itself the first visit chooses a password, and a common one is refused at its field (1, U2, U7, U13): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const fresh = await startFresh()
      const { page, faults, close } = await openPage(browser, look(locale, width))
      try {
        await page.goto(`${fresh.url}/users`)
        await page.getByRole('heading', { level: 1, name: t('password.setTitle') }).waitFor()
        await focusIs(page, t('password.new'))
        const choose = async (password: string): Promise<void> => {
          await page.getByLabel(t('password.new'), { exact: true }).fill(password)
          await page.getByLabel(t('password.repeat'), { exact: true }).fill(password)
          await page.getByRole('button', { name: t('password.save') }).click()
        }
        await choose('admin')
        await page.getByText(t('password.admin')).waitFor()
        await choose('12345678')
        await page.getByText(t('password.strength', { word: t('password.weak') })).waitFor()
        await page.getByText(t('error.code.PASSWORD_COMMON')).waitFor()
        await focusIs(page, t('password.new'))
        expect(await accessibilityFaults(page)).toEqual([])
        await choose('correct horse battery')
        // The guide from the first account to the first answer.
        await page.waitForURL('**/setup*')
        await page.getByRole('heading', { level: 1 }).waitFor()
        expect(faults).toEqual([])
      } finally {
        await close()
        await fresh.stop()
      }
    },
  )
}

/** A gateway nobody has set up: no password given, no account, no key. */
async function startFresh(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gateway-fresh-'))
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = probe
  probe.stop(true)
  const child = Bun.spawn(gatewayCommand(), {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      NO_BROWSER: '1',
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  const until = Date.now() + 60_000
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) {
    if (Date.now() > until || child.exitCode !== null)
      throw new Error(`the fresh gateway did not start (${child.exitCode})`)
    await Bun.sleep(25)
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await child.exited
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
