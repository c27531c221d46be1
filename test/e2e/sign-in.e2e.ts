import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import {
  accessibilityFaults,
  browserPath,
  openPage,
  scrollsSideways,
  startBrowser,
  tellLeftOpen,
} from '../support/browser.ts'
import { adminPassword, answerOnce, type Gateway, startGateway } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'

// Two shared cores may be slow, and a test that runs out of time takes the browser with it.
setDefaultTimeout(180_000)

const wrongName = 'That name or password is not right.'
const passwordOf = (name: string): string => `the password of ${name}`

async function withPeople(): Promise<Gateway> {
  const gateway = await startGateway()
  for (const [name, role] of [
    ['Vera', 'viewer'],
    ['Adam', 'admin'],
  ]) {
    await gateway.admin('POST', '/v2/operators', { name, role, password: passwordOf(name ?? '') })
  }
  return gateway
}

/** What a page does by hand, to have a person's session outside of it. */
async function sessionOf(gateway: Gateway, user: string): Promise<Record<string, string>> {
  const answer = await fetch(`${gateway.url}/api/login`, {
    method: 'POST',
    body: JSON.stringify({ user, password: passwordOf(user) }),
  })
  expect(answer.status).toBe(200)
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return { cookie, 'x-requested-with': 'test' }
}

/** Turns a person's second factor on; gives its codes. */
async function turnOnSecondFactor(gateway: Gateway, user: string) {
  const headers = await sessionOf(gateway, user)
  const post = async (path: string, body: object) => {
    const answer = await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status).toBe(200)
    return (await answer.json()) as { secret: string; recoveryCodes: string[] }
  }
  const { secret } = await post('/v2/second-factor', { password: passwordOf(user) })
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  const { recoveryCodes } = await post('/v2/second-factor/confirm', { code: totp.generate() })
  // The code of now was used to turn it on; that of the next half minute is good already.
  return { next: () => totp.generate({ timestamp: Date.now() + 30_000 }), recoveryCodes }
}

const field = {
  user: (page: Page) => page.locator('[autocomplete=username]'),
  password: (page: Page) => page.locator('[autocomplete=current-password]'),
  code: (page: Page) => page.locator('[autocomplete=one-time-code]'),
}
/** Waits until the focus is in the field of that name; a failure shows where it is instead. */
async function focusIsIn(page: Page, name: string): Promise<void> {
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('autocomplete') ?? null)
  expect(await answerOnce(focused, (found) => found === name)).toBe(name)
}

async function signIn(page: Page, address: string, user: string): Promise<void> {
  await page.goto(address)
  await field.user(page).fill(user)
  await field.password(page).fill(passwordOf(user))
  await page.keyboard.press('Enter')
}

if (browserPath === undefined) {
  leftOut('Chromium')
} else {
  describe('signing in to the console', driveThePages)
}

function driveThePages(): void {
  let browser: Browser
  let gateway: Gateway
  beforeAll(async () => {
    browser = await startBrowser()
    gateway = await withPeople()
  })
  afterEach(tellLeftOpen)
  afterAll(async () => {
    await browser.close()
    await gateway.stop()
  })

  test('the owner needs no name where people sign in by name, and sees no name field where nobody does', async () => {
    const alone = await startGateway()
    const first = await openPage(browser, { locale: 'en-US' })
    await first.page.goto(`${alone.url}/login`)
    await field.password(first.page).waitFor()
    expect(await field.user(first.page).count()).toBe(0)
    await focusIsIn(first.page, 'current-password')
    await first.close()
    await alone.stop()

    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await page.goto(`${gateway.url}/login`)
    await field.user(page).waitFor()
    await focusIsIn(page, 'username')
    await field.password(page).fill(adminPassword)
    await page.keyboard.press('Enter')
    await page.waitForURL(({ pathname }) => pathname === '/')
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByText('Signed in as owner (owner)').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a wrong name or password is said at the password, which is selected; the right one opens the page asked for', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await page.goto(`${gateway.url}/login?next=/proxies`)
    await field.user(page).fill('Adam')
    await field.password(page).fill('not it at all')
    await page.keyboard.press('Enter')
    await page.getByText(wrongName).waitFor()
    expect(await field.password(page).getAttribute('aria-invalid')).toBe('true')
    expect(await field.user(page).getAttribute('aria-invalid')).toBeNull()
    await focusIsIn(page, 'current-password')
    await page.keyboard.type(passwordOf('Adam'))
    await page.keyboard.press('Enter')
    await page.waitForURL('**/proxies')
    await page.getByRole('button', { name: 'Add proxy' }).waitFor()
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByText('Signed in as Adam (admin)').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a viewer is offered no change on any page, is told why, and is refused one that is made anyway', async () => {
    await gateway.admin('POST', '/v2/users', { name: 'Ada' })
    await gateway.admin('POST', '/v2/proxies', { url: 'http://127.0.0.1:9', name: 'Office', enabled: false })
    await gateway.admin('POST', '/v2/model-mappings', { name: 'gpt-x', target: 'claude-sonnet-4.5' })
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login`, 'Vera')
    await page.waitForURL(({ pathname }) => pathname === '/')
    await page.getByText('You are signed in as a viewer').waitFor()
    const offered: Record<string, readonly string[]> = {}
    for (const [route, shown] of [
      ['/accounts', 'sim-1'],
      ['/users', 'Ada'],
      ['/models', 'gpt-x'],
      ['/proxies', 'Office'],
    ] as const) {
      await page.goto(gateway.url + route)
      await page.getByText(shown).first().waitFor()
      await page.waitForLoadState('networkidle')
      const main = page.getByRole('main')
      const names = await main
        .getByRole('button')
        .evaluateAll((buttons) =>
          buttons.map((button) => button.getAttribute('aria-label') ?? button.textContent ?? ''),
        )
      // Copying, sorting and choosing what to see change nothing.
      const sorting = await main.getByRole('columnheader').getByRole('button').allTextContents()
      offered[route] = names
        .filter((name) => !sorting.includes(name))
        .filter((name) => !/^Copy|^(All|Active|Ready|Quota|Suspended|Sign-in|Disabled)/.test(name))
        .map((name) => name.replace(/ #\w+$/, ''))
      for (const one of await main.getByRole('switch').all()) expect(await one.isDisabled()).toBe(true)
      expect(await accessibilityFaults(page)).toEqual([])
    }
    // The menu of an account leads to its requests and copies its id, nothing else.
    expect(offered).toEqual({
      '/accounts': ['More actions for sim-1'],
      '/users': ['More actions for Ada'],
      '/models': [],
      '/proxies': [],
    })
    await page.goto(`${gateway.url}/accounts`)
    await page.getByText('sim-1').first().waitFor()
    await page.getByRole('main').getByRole('button').last().click()
    await page.getByRole('menuitem').first().waitFor()
    expect(await page.getByRole('menuitem').allTextContents()).toEqual(['View requests', 'Copy ID'])

    const refused = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json', 'x-requested-with': 'console' }
      const answer = await fetch('/v2/keys', { method: 'POST', headers, body: '{"name":"mine"}' })
      return { status: answer.status, body: await answer.json() }
    })
    expect(refused).toMatchObject({
      status: 403,
      body: { error: 'This needs the role admin; Vera has the role viewer.', code: 'FORBIDDEN' },
    })
    expect(faults).toEqual([])
    await close()
  })

  test('the code of a second factor is a step of its own: asked for, refused at its field, once right the way in', async () => {
    const { next, recoveryCodes } = await turnOnSecondFactor(gateway, 'Adam')
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/users`, 'Adam')
    await field.code(page).waitFor()
    // Asked for is not yet wrong.
    expect(await field.code(page).getAttribute('aria-invalid')).toBeNull()
    await focusIsIn(page, 'one-time-code')
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.type('000000')
    await page.keyboard.press('Enter')
    await page.getByText('That code is not right, or was already used.').waitFor()
    expect(await field.code(page).getAttribute('aria-invalid')).toBe('true')
    expect(await field.password(page).getAttribute('aria-invalid')).toBeNull()
    // It is selected: what is typed takes its place.
    await page.keyboard.type(next())
    await page.keyboard.press('Enter')
    await page.waitForURL('**/users')

    // Another person has another code, or none. An answer still under way would bring the cookie back.
    await page.goto('about:blank')
    await page.context().clearCookies()
    await signIn(page, `${gateway.url}/login`, 'Adam')
    await field.code(page).waitFor()
    await field.user(page).fill('Vera')
    await field.code(page).waitFor({ state: 'detached' })
    await field.password(page).fill(passwordOf('Vera'))
    await page.keyboard.press('Enter')
    await page.waitForURL(({ pathname }) => pathname === '/')

    // Signing in again over the page: the name is still there, and a recovery code is as good.
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
    await page.waitForURL('**/login**')
    await signIn(page, `${gateway.url}/login?next=/playground`, 'Adam')
    await field.code(page).fill(recoveryCodes[0]?.toLowerCase() ?? '')
    await page.keyboard.press('Enter')
    await page.getByLabel('Message').fill('half a thought')
    await page.context().clearCookies()
    await page.getByRole('link', { name: 'Keys' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('You were signed out.').waitFor()
    expect(await field.user(page).inputValue()).toBe('Adam')
    await focusIsIn(page, 'current-password')
    await page.keyboard.type(passwordOf('Adam'))
    await page.keyboard.press('Enter')
    await field.code(page).fill(recoveryCodes[1] ?? '')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('too many wrong tries are said with the time to wait, and the form comes back by itself (8)', async () => {
    const own = await withPeople()
    const { page, close } = await openPage(browser, { locale: 'zh-CN' })
    await page.goto(`${own.url}/login`)
    await field.user(page).fill('Vera')
    for (let index = 0; index < 6; index++) {
      await field.password(page).fill(`guess ${index}`)
      const answered = page.waitForResponse('**/api/login')
      await page.keyboard.press('Enter')
      await answered
    }
    await page.getByText('尝试次数过多').waitFor()
    expect(await page.locator('button[type=submit]').isDisabled()).toBe(true)
    await page.locator('button[type=submit]:not([disabled])').waitFor()
    await field.password(page).fill(passwordOf('Vera'))
    await page.keyboard.press('Enter')
    await page.waitForURL(({ pathname }) => pathname === '/')
    await page.getByText('你以只读用户身份登录').waitFor()
    await close()
    await own.stop()
  })

  test('with all its fields the form fits a phone in Chinese, light and dark (49, 51)', async () => {
    const own = await withPeople()
    await turnOnSecondFactor(own, 'Adam')
    for (const colorScheme of ['light', 'dark'] as const) {
      const viewport = { width: 360, height: 740 }
      const { page, faults, close } = await openPage(browser, {
        locale: 'zh-CN',
        colorScheme,
        viewport,
        hasTouch: true,
      })
      await signIn(page, `${own.url}/login`, 'Adam')
      await field.code(page).fill('000000')
      await page.keyboard.press('Enter')
      await page.getByText('验证码不正确').waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      expect(faults).toEqual([])
      await close()
    }
    await own.stop()
  })
}
