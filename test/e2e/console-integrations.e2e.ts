import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import type { MetaView } from '../../server/admin/contract/meta.ts'
import { clients } from '../../ui/src/features/integrations/clients.ts'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { focusIs, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

const home = mkdtempSync(path.join(tmpdir(), 'home-'))

consoleTests(integrations, { env: { HOME: home } })

// One of each kind: a file to be written, fields and a warning, two languages, a shell.
const axed = new Set(['claude-code', 'cursor', 'openai-sdk', 'curl'])

function integrations({ gateway, openPage }: ConsoleStand): void {
  afterAll(() => rmSync(home, { recursive: true }))
  const open = async (route = '/integrations', options: BrowserContextOptions = { locale: 'en-US' }) => {
    const opened = await openPage(options)
    await signIn(opened.page, `${gateway.url}/login?next=${route}`, adminPassword)
    await opened.page.waitForURL(({ pathname }) => pathname !== '/login')
    await opened.page.getByRole('heading', { level: 1 }).waitFor()
    return opened
  }
  const code = (name: string) => `figure:has(figcaption :text("${name}")) pre`

  test('a key is made here, fills the settings in, works, and is gone with the page (10)', async () => {
    const { page, faults, addresses, close } = await open()
    await page.getByRole('heading', { level: 2, name: 'Claude Code' }).waitFor()
    const shell = page.locator(code('bash'))
    const address = await shell.textContent()
    expect(address).toContain(`export ANTHROPIC_BASE_URL=${gateway.url}\n`)
    expect(address).toContain('YOUR_API_KEY')
    await page.getByRole('button', { name: 'Create a key here' }).click()
    await page.getByText('The new key “Claude Code” is filled in below.').waitFor()
    const key = /ANTHROPIC_AUTH_TOKEN=(\S+)/.exec((await shell.textContent()) ?? '')?.[1] ?? ''
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': key } })
    expect(answer.status).toBe(200)
    await page.getByRole('button', { name: 'Test address and key' }).click()
    await page.getByText(/It works: \d+ models are offered to this key\./).waitFor()
    expect(await page.locator('pre').allTextContents()).toEqual([
      expect.stringContaining(key),
      expect.stringContaining(key),
    ])
    // It goes along from tool to tool, and no further.
    await page.getByRole('link', { name: 'Codex' }).click()
    await page.getByRole('heading', { level: 2, name: 'Codex' }).waitFor()
    expect(await page.locator(code('bash')).textContent()).toContain(`export GATEWAY_KEY=${key}`)
    await page.getByRole('link', { name: 'Models', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor()
    expect(await page.content()).not.toContain(key)
    await page.goBack()
    await page.getByRole('heading', { level: 2, name: 'Codex' }).waitFor()
    expect(await page.content()).not.toContain(key)
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    expect([stored.includes(key), addresses.some((asked) => asked.includes(key))]).toEqual([false, false])
    expect(faults).toEqual([])
    await close()
  })

  test('a key that the gateway does not know is told by the test; one of another make is not taken', async () => {
    const { page, close } = await open()
    const test = page.getByRole('button', { name: 'Test address and key' })
    expect(await test.isDisabled()).toBe(true)
    expect(await test.getAttribute('aria-describedby')).toBe(
      await page.getByRole('status').filter({ hasText: 'Create or paste a key first.' }).getAttribute('id'),
    )
    await page.getByLabel(/^API key/).fill('sk-nobody-has-this-key-0123456789')
    await page.getByRole('button', { name: 'Test address and key' }).click()
    await page.getByText('The gateway does not accept this key.').waitFor()
    await page.getByLabel(/^API key/).fill("it's; rm -rf")
    await page.getByText('This does not look like a key of this gateway.').waitFor()
    expect(await page.locator(code('bash')).textContent()).toContain('YOUR_API_KEY')
    await close()
  })

  test('every client has its page by its own address, in every shell, with another address than this one', async () => {
    const { page, faults, close } = await open()
    await page.getByLabel('Gateway address').selectOption('other')
    await page.getByLabel('Address', { exact: true }).fill('nonsense')
    await page.getByText('An http:// or https:// address.').waitFor()
    await page.getByLabel('Address', { exact: true }).fill('https://gw.example.com/v1/')
    for (const { id, name, bySystem } of clients) {
      await page.getByRole('navigation', { name: 'Tools' }).getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { level: 2, name, exact: true }).waitFor()
      expect(new URL(page.url()).pathname).toBe(`/integrations/${id}`)
      const systems = page.getByRole('group', { name: 'System' }).getByRole('radio')
      expect(await systems.count()).toBe(bySystem ? 3 : 0)
      for (const radio of await systems.all()) {
        await radio.check()
        const text = (await page.locator('figure pre').allTextContents()).join('\n')
        expect([id, text.includes('https://gw.example.com')]).toEqual([id, true])
        expect(text).not.toContain('/v1/v1')
        expect(text).not.toContain(gateway.url)
      }
    }
    expect(faults).toEqual([])
    await close()
  })

  test('Cursor warns of an address that its servers cannot reach (47)', async () => {
    const { page, close } = await open('/integrations/cursor')
    await page
      .getByRole('alert')
      .filter({ hasText: `cannot reach ${gateway.url}` })
      .waitFor()
    await page.getByLabel('Gateway address').selectOption('other')
    const own = page.getByLabel('Address', { exact: true })
    for (const [address, warned] of [
      ['https://gateway.example.com', false],
      ['http://gateway.example.com', true],
      ['https://10.1.2.3:8443', true],
      ['https://gateway.lan', true],
      ['https://[fd00::1]', true],
      ['https://8.8.8.8', false],
    ] as const) {
      await own.fill(address)
      expect([address, await page.getByText('Cursor calls from its own servers').count()]).toEqual([
        address,
        warned ? 1 : 0,
      ])
    }
    await close()
  })

  test('Codex is not offered where there is no Responses API (47); a proxy that is not trusted is told of', async () => {
    const { page, close } = await openPage({ locale: 'en-US' })
    await page.route('**/api/meta', async (route) => {
      const response = await route.fetch()
      const meta = (await response.json()) as MetaView
      await route.fulfill({
        response,
        json: {
          ...meta,
          ...(meta.features ? { features: { ...meta.features, responses: false, same_host: false } } : {}),
          reached: { url: 'http://inner:62311', by_proxy: true, disbelieved: true, lan: ['http://192.168.7.7:62311'] },
        },
      })
    })
    await signIn(page, `${gateway.url}/login?next=/integrations/codex`, adminPassword)
    await page.getByText('Codex speaks the Responses API, which this server does not offer.').waitFor()
    const tools = page.getByRole('navigation', { name: 'Tools' })
    expect(await tools.getByRole('link', { name: 'Codex' }).count()).toBe(0)
    expect(await page.locator('figure pre').count()).toBe(0)
    await page.getByText('List the proxy in server.trusted_proxies.').waitFor()
    await page.getByText('turn its buffering off').waitFor()
    await tools.getByRole('link', { name: 'Claude Code' }).click()
    expect(await page.getByLabel('Gateway address').locator('option').allTextContents()).toContain(
      'http://192.168.7.7:62311 (in the local network)',
    )
    // Not on the server's machine: nothing is offered to be written.
    expect(await page.getByRole('button', { name: 'Preview and write…' }).count()).toBe(0)
    await close()
  })

  test('on the server’s machine the file is previewed, written with the password, and undone', async () => {
    const file = path.join(home, '.claude', 'settings.json')
    mkdirSync(path.dirname(file), { recursive: true })
    const before = '{\n    "theme": "dark",\n    "env": { "ANTHROPIC_BASE_URL": "https://elsewhere.example" }\n}\n'
    writeFileSync(file, before)
    const { page, faults, close } = await open()
    const write = page.getByRole('button', { name: 'Preview and write…' })
    await page.getByText('Not set to a gateway yet.').waitFor()
    expect(await write.isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Create a key here' }).click()
    await page.getByText('is filled in below').waitFor()
    await write.click()
    const dialog = page.getByRole('dialog')
    const diff = dialog.getByRole('figure')
    await diff.getByText('- env.ANTHROPIC_BASE_URL: https://elsewhere.example').waitFor()
    await diff.getByText(`+ env.ANTHROPIC_BASE_URL: ${gateway.url}`).waitFor()
    await diff.getByText(/\+ env\.ANTHROPIC_AUTH_TOKEN: ••••\w{4}/).waitFor()
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(await accessibilityFaults(page)).toEqual([])
    const password = dialog.getByLabel('Your password', { exact: true })
    await password.fill('not this one')
    await page.keyboard.press('Enter')
    await dialog.getByText('That password is not right.').waitFor()
    await focusIs(page, 'Your password')
    expect(readFileSync(file, 'utf8')).toBe(before)

    // Somebody else writes meanwhile: what would change is shown anew.
    writeFileSync(file, before.replace('dark', 'light'))
    await password.fill(adminPassword)
    await page.keyboard.press('Enter')
    await dialog.getByText('Somebody changed this in the meantime.').waitFor()
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    const written = JSON.parse(readFileSync(file, 'utf8')) as { theme: string; env: Record<string, string> }
    expect([written.theme, written.env.ANTHROPIC_BASE_URL]).toEqual(['light', gateway.url])
    expect(readFileSync(file, 'utf8')).toContain('\n    "theme"')
    await page.getByText(`Set to ${gateway.url} with the key ••••`).waitFor()

    await page.getByRole('button', { name: 'Undo', exact: true }).last().click()
    await dialog.getByText('becomes what it was').waitFor()
    await dialog.getByLabel('Your password', { exact: true }).fill(adminPassword)
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    expect(readFileSync(file, 'utf8')).toBe(before.replace('dark', 'light'))
    await page.getByText('Not set to a gateway yet.').waitFor()
    expect(readdirSync(path.dirname(file))).toEqual(['settings.json'])
    expect(faults).toEqual([])
    await close()
  })

  test('a file that cannot be understood is named and left alone', async () => {
    const file = path.join(home, '.factory', 'settings.json')
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, '// mine\n{}')
    const { page, close } = await open('/integrations/droid')
    await page
      .getByRole('alert')
      .filter({ hasText: `${file} is not valid JSON; it is left as it is.` })
      .waitFor()
    await page.getByRole('button', { name: 'Create a key here' }).click()
    await page.getByText('is filled in below').waitFor()
    expect(await page.getByRole('button', { name: 'Preview and write…' }).isDisabled()).toBe(true)
    expect([existsSync(file), readFileSync(file, 'utf8')]).toEqual([true, '// mine\n{}'])
    await close()
  })

  test.each([
    ['en-US', 'light', 1440],
    ['zh-CN', 'dark', 1440],
    ['zh-CN', 'light', 360],
    ['en-US', 'dark', 360],
  ] as const)(
    'in %s, %s, %p px wide: axe finds nothing, nothing scrolls sideways (49, 51)',
    async (locale, colorScheme, width) => {
      const { page, faults, close } = await open('/integrations', {
        locale,
        colorScheme,
        viewport: { width, height: 740 },
        hasTouch: width < 700,
      })
      for (const { id } of clients) {
        await page.goto(`${gateway.url}/integrations/${id}`)
        await page.locator('figure pre').first().waitFor()
        await page.waitForLoadState('networkidle')
        if (axed.has(id)) expect({ id, faults: await accessibilityFaults(page) }).toEqual({ id, faults: [] })
        expect({ id, sideways: await scrollsSideways(page) }).toEqual({ id, sideways: false })
      }
      expect(faults).toEqual([])
      await close()
    },
  )
}
