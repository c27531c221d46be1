import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { accessibilityFaults, browserPath, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { gatewayCommand } from '../support/command.ts'
import { focusIs } from '../support/console.ts'
import { leftOut } from '../support/left-out.ts'

// Two shared cores may be slow, and a test that runs out of time takes the browser with it.
setDefaultTimeout(90_000)

if (browserPath === undefined) leftOut('Chromium')
else setup()

const password = 'a-password-of-my-own'

function setup(): void {
  let browser: Browser
  let simulator: Simulator
  beforeAll(async () => {
    browser = await startBrowser()
    simulator = await startSimulator()
  })
  afterAll(async () => {
    await browser.close()
    await simulator.stop()
  })

  /** A server as it is after the download: no password, no account, no key. */
  async function startFresh() {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'setup-'))
    const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const { port } = probe
    probe.stop(true)
    const child = Bun.spawn([...gatewayCommand(), '--port', String(port), '--data-dir', dataDir], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        HOST: '127.0.0.1',
        NO_BROWSER: '1',
        UPSTREAM_Q_URL: simulator.url,
        UPSTREAM_OIDC_URL: simulator.url,
        UPSTREAM_KIRO_AUTH_URL: simulator.url,
      },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    })
    const url = `http://127.0.0.1:${port}`
    const until = Date.now() + 30_000
    while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok && Date.now() < until) await Bun.sleep(50)
    return {
      url,
      stop: async () => {
        child.kill('SIGTERM')
        await child.exited
        await rm(dataDir, { recursive: true, force: true })
      },
    }
  }

  /** Tab by Tab, as a hand on the keyboard goes. */
  async function tabTo(page: Page, name: string): Promise<void> {
    for (let tries = 0; tries < 40; tries++) {
      const here = await page.evaluate(() => {
        const element = document.activeElement
        return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
      })
      if (here.startsWith(name)) return
      await page.keyboard.press('Tab')
    }
    await focusIs(page, name)
  }

  test('from the first page to a streamed answer by keyboard alone, in under two minutes', async () => {
    const fresh = await startFresh()
    const { page, faults, addresses, close } = await openPage(browser, { locale: 'en-US' })
    const started = Date.now()
    await page.goto(fresh.url)
    await page.getByRole('heading', { level: 1, name: 'Choose a password' }).waitFor()
    await focusIs(page, 'New password')
    await page.keyboard.type(password)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')

    await page.waitForURL('**/setup?step=account')
    await page.getByRole('heading', { level: 1, name: 'Add your first account' }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await tabTo(page, 'Get a code')
    await page.keyboard.press('Enter')
    await page.getByText('Waiting for you to sign in…').waitFor()
    await page.getByText(/expires in \d+:\d\d/).waitFor()
    await focusIs(page, 'Open the sign-in page')
    expect(simulator.signIns.approve((await page.locator('main code').first().textContent()) ?? '')).toBe(true)
    await page.getByText(/is ready\./).waitFor({ timeout: 30_000 })
    await tabTo(page, 'Done')
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { level: 1, name: 'Create a key' }).waitFor()
    await page.waitForURL('**/setup?step=key')
    await tabTo(page, 'Create key')
    await page.keyboard.press('Enter')
    const key = await page.getByLabel('New key').inputValue()
    expect(key.length).toBeGreaterThan(20)
    expect(await accessibilityFaults(page)).toEqual([])
    await tabTo(page, 'I have saved it')
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { level: 1, name: 'Connect an app' }).waitFor()
    const settings = (await page.locator('main figure').allTextContents()).join('\n')
    expect(settings).toContain(fresh.url)
    expect(settings).toContain(key)
    expect(await accessibilityFaults(page)).toEqual([])
    await tabTo(page, 'Continue')
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { level: 1, name: 'Send a first message' }).waitFor()
    await tabTo(page, 'Send')
    await page.keyboard.press('Enter')
    await page.getByText('It works. You are all set.').waitFor({ timeout: 30_000 })
    expect(
      await page
        .locator('main li')
        .filter({ has: page.getByLabel('done') })
        .count(),
    ).toBeGreaterThanOrEqual(9)
    await page.getByText(/First words after/).waitFor()
    await page.getByText(/Account chosen: /).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(Date.now() - started).toBeLessThan(120_000)
    await tabTo(page, 'Open the overview')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()

    expect(await page.content()).not.toContain(key)
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(key)
    expect(addresses.filter((address) => address.includes(key))).toEqual([])
    const answer = await fetch(`${fresh.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(answer.status).toBe(200)
    await page.goto(`${fresh.url}/setup`)
    await page.waitForURL(`${fresh.url}/`)
    expect(faults).toEqual([])
    await close()
    await fresh.stop()
  })

  test('left in the middle it goes on where it was; a key that is gone is made again', async () => {
    const fresh = await startFresh()
    const { page, faults, close } = await openPage(browser, { locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    await page.goto(fresh.url)
    await page.getByRole('heading', { level: 1, name: '设置密码' }).waitFor()
    for (const field of await page.locator('[autocomplete=new-password]').all()) await field.fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/setup?step=account')
    await page.getByRole('heading', { level: 1, name: '添加第一个账号' }).waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    await page.getByRole('button', { name: '暂时跳过' }).click()
    await page.getByRole('heading', { level: 1, name: '创建密钥' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: '创建密钥' }).waitFor()
    await page.getByRole('button', { name: '创建密钥' }).click()
    await page.getByRole('button', { name: '我已保存' }).click()
    await page.getByRole('heading', { level: 1, name: '接入应用' }).waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    await page.reload()
    await page.getByText('密钥只显示一次').waitFor()
    await page.getByRole('button', { name: '创建密钥' }).click()
    await page.getByRole('button', { name: '我已保存' }).click()
    await page.getByRole('button', { name: '继续' }).click()
    await page.getByRole('button', { name: '发送', exact: true }).click()
    await page.getByText('当前没有账号可以回复').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.goto(`${fresh.url}/setup`)
    await page.getByRole('heading', { level: 1, name: '添加第一个账号' }).waitFor()
    expect(faults).toEqual([])
    await close()
    await fresh.stop()
  })
}
