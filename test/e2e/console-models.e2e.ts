import { expect, test } from 'bun:test'
import type { BrowserContextOptions } from 'playwright-core'
import type { ModelList } from '../../server/admin/contract/models.ts'
import { pricesAsOf, pricesSource } from '../../server/catalog/prices.ts'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { en } from '../support/words.ts'

consoleTests(models, {
  accounts: [{ plan: 'power', models: ['claude-sonnet-4.5', 'claude-haiku-4.5', 'claude-opus-4.5', 'glm-5'] }],
})

function models({ gateway, openPage }: ConsoleStand): void {
  const open = async (options: BrowserContextOptions = { locale: 'en-US' }) => {
    const opened = await openPage(options)
    await signIn(opened.page, `${gateway.url}/login?next=/models`, adminPassword)
    await opened.page.waitForURL(({ pathname }) => pathname === '/models')
    await opened.page.getByRole('heading', { level: 1 }).waitFor()
    return opened
  }
  /** Asks as a client, and gives what the provider was asked for and what the request log says. */
  const ask = async (model: string) => {
    const before = gateway.simulator.requests().length
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    await response.text()
    const sent = JSON.stringify(gateway.simulator.requests().slice(before))
    const id = response.headers.get('x-request-id') ?? ''
    for (let tries = 0; tries < 200; tries++) {
      const { logs } = (await gateway.admin('GET', `/v2/logs?request_id=${id}`)) as { logs: Record<string, unknown>[] }
      const [row] = logs
      if (row) return { status: response.status, sent, asked: row.requested_model, used: row.upstream_model }
      await Bun.sleep(25)
    }
    throw new Error(`${id} is not in the log`)
  }

  test('an alias and the forced model change what the provider is asked for, and the log shows both (41)', async () => {
    const { page, faults, close } = await open()
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Map a name' }).first().click()
    await dialog.getByLabel('Name that clients send').fill('gpt-4o')
    await dialog.getByLabel('Leads to').fill('glm-5')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Also as gpt-4o').waitFor()
    const mapped = await ask('gpt-4o')
    expect(mapped).toMatchObject({ status: 200, asked: 'gpt-4o', used: 'glm-5' })
    expect(mapped.sent).toContain('glm-5')
    expect(mapped.sent).not.toContain('gpt-4o')

    await page.getByRole('switch', { name: 'One model for everything' }).focus()
    await page.keyboard.press('Space')
    await dialog.getByLabel('Model').fill('claude-opus-4.5')
    await page.keyboard.press('Enter')
    await page.getByText('claude-opus-4.5 answers everything now.').waitFor()
    await dialog.waitFor({ state: 'detached' })
    const forced = await ask('claude-sonnet-4.5')
    expect(forced).toMatchObject({ status: 200, asked: 'claude-sonnet-4.5', used: 'claude-opus-4.5' })
    expect(forced.sent).toContain('claude-opus-4.5')
    expect(await ask('claude-haiku-4.5')).toMatchObject({ used: 'claude-haiku-4.5' })
    // As the log shows it.
    await page.goto(`${gateway.url}/logs?model=claude-opus-4.5`)
    await page.locator('[data-row] a').first().click()
    const fact = (term: string) => dialog.getByText(term, { exact: true }).locator('+ dd').first()
    expect(await fact(en['logs.asked']).textContent()).toContain('claude-sonnet-4.5')
    expect(await fact(en['logs.used']).textContent()).toContain('claude-opus-4.5')
    await gateway.admin('PUT', '/v2/settings', { forceModel: '', forceModelEnabled: false })
    const { mappings } = (await gateway.admin('GET', '/v2/model-mappings')) as { mappings: { id: string }[] }
    for (const { id } of mappings) await gateway.admin('DELETE', `/v2/model-mappings/${id}`)
    expect(faults).toEqual([])
    await close()
  })

  test('prices stand with date and source; one’s own goes before, is refused when it is none, and goes away again', async () => {
    const { page, faults, close } = await open()
    const dialog = page.getByRole('dialog')
    const row = (id: string) => page.getByRole('row').filter({ hasText: id })
    await row('claude-sonnet-4.5').getByText('$3 / $15').waitFor()
    await row('glm-5').getByText('no list price').waitFor()
    expect(pricesAsOf).toBe('2026-10')
    await page.getByText('as of October 2026').waitFor()
    expect(await page.getByRole('link', { name: pricesSource }).getAttribute('rel')).toContain('noreferrer')

    await page.getByRole('button', { name: 'Price of glm-5' }).click()
    await dialog.getByLabel(/^Input/).fill('0,6')
    await page.keyboard.press('Enter')
    await dialog.getByText('A number from 0 to 1,000,000').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByLabel(/^Input/).fill('0.6')
    await dialog.getByLabel(/^Output/).fill('2.2')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await row('glm-5').getByText('$0.6 / $2.2').waitFor()
    await row('glm-5').getByText('your own').waitFor()

    await page.getByRole('button', { name: 'Price for another name' }).click()
    await dialog.getByLabel('Model name').fill('qwen*')
    await dialog.getByLabel(/^Input/).fill('0.2')
    await dialog.getByLabel(/^Output/).fill('0.8')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Price of qwen*' }).waitFor()
    const settings = (await gateway.admin('GET', '/v2/settings')) as { modelPrices: string }
    expect(JSON.parse(settings.modelPrices)).toEqual({ 'glm-5': [0.6, 2.2], 'qwen*': [0.2, 0.8] })
    const list = (await gateway.admin('GET', '/v2/models')) as unknown as ModelList
    expect(list.models.find(({ id }) => id === 'glm-5')?.price).toEqual({
      input_usd: 0.6,
      output_usd: 2.2,
      from: 'override',
    })

    await page.getByRole('button', { name: 'Price of glm-5' }).click()
    await dialog.getByRole('button', { name: 'Remove my price' }).click()
    await dialog.waitFor({ state: 'detached' })
    await row('glm-5').getByText('no list price').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a model name is mapped for one key, changed, removed, and one model answers everything (41)', async () => {
    const { id } = await gateway.admin('POST', '/v2/keys', { name: 'editor' })
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: 'gpt-4o' })
    await signIn(page, `${gateway.url}/login?next=/models`, adminPassword)
    await page.getByText('No names are mapped.').waitFor()
    await page.getByText('claude-opus-4.5', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Map a name' }).click()
    await dialog.getByLabel('Name that clients send').fill('gpt-*-mini')
    await dialog.getByRole('button', { name: 'Map a name' }).click()
    await dialog.getByText('Only the last character may be a *.').waitFor()
    await dialog.getByLabel('Name that clients send').fill('gpt-4o')
    await dialog.getByLabel('Leads to').fill('glm-99')
    await dialog.getByLabel('Holds for').selectOption('editor')
    await page.keyboard.press('Enter')
    await dialog.getByText('No account offers glm-99').waitFor()
    expect(await dialog.getByLabel('Leads to').evaluate((field) => field === document.activeElement)).toBe(true)
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByLabel('Leads to').fill('claude-sonnet-4-5')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await row.getByText('Served by claude-sonnet-4.5').waitFor()
    await row.getByText('editor').waitFor()
    const { mappings } = (await gateway.admin('GET', '/v2/model-mappings')) as { mappings: object[] }
    expect(mappings).toMatchObject([{ name: 'gpt-4o', target: 'claude-sonnet-4-5', key_id: id }])

    await row.getByRole('button', { name: 'Edit gpt-4o' }).click()
    await dialog.getByLabel('Holds for').selectOption('All keys')
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await row.getByRole('button', { name: 'Edit gpt-4o' }).click()
    expect(await dialog.getByLabel('Holds for').inputValue()).toBe(String(id))
    await dialog.getByLabel('Holds for').selectOption('All keys')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row.getByText('All keys').waitFor()
    await row.getByRole('button', { name: 'Remove gpt-4o' }).click()
    await dialog.getByRole('button', { name: 'Remove mapping' }).click()
    await page.getByText('No names are mapped.').waitFor()

    await page.getByRole('switch', { name: 'One model for everything' }).focus()
    await page.keyboard.press('Space')
    await dialog.getByLabel('Model').fill('claude-sonnet-4.5')
    await page.keyboard.press('Enter')
    await page.getByText('claude-sonnet-4.5 answers everything now.').waitFor()
    expect(await page.getByRole('switch', { name: 'One model for everything' }).isChecked()).toBe(true)
    expect(await gateway.admin('GET', '/v2/settings')).toMatchObject({ forceModelEnabled: true })
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('switch', { name: 'One model for everything' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('Clients get the models they ask for.').waitFor()
    await gateway.admin('PUT', '/v2/settings', { forceModel: '', forceModelEnabled: false })
    await gateway.admin('DELETE', `/v2/keys/${id}`)
    expect(faults).toEqual([])
    await close()
  })

  test('a model is tried in the playground', async () => {
    const { page, close } = await open()
    await page.getByRole('link', { name: 'Try claude-haiku-4.5 in the playground' }).click()
    await page.waitForURL(({ pathname, search }) => pathname === '/playground' && search === '')
    await page.getByLabel('Message', { exact: true }).fill('Who are you?')
    await page.keyboard.press('Enter')
    await page.getByText('(claude-haiku-4.5)').first().waitFor()
    await close()
  })

  test.each([
    ['zh-CN', 'dark', 1440],
    ['en-US', 'light', 360],
  ] as const)(
    'in %s, %s, %p px wide: axe finds nothing, nothing scrolls sideways (49, 51)',
    async (locale, colorScheme, width) => {
      const { page, faults, close } = await open({
        locale,
        colorScheme,
        viewport: { width, height: 740 },
        hasTouch: width < 700,
      })
      await page.getByText('glm-5').first().waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      expect(faults).toEqual([])
      await close()
    },
  )
}
