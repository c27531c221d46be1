import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { bothLooks, focusIs, look, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword, loggedRows } from '../support/gateway.ts'
import { sayIn } from '../support/words.ts'

consoleTests(people)

type Made = { readonly id: string; readonly api_key: string; readonly keys: readonly { readonly id: string }[] }

function people({ gateway, openPage }: ConsoleStand): void {
  const make = (body: object): Promise<Made> => gateway.admin('POST', '/v2/users', body) as unknown as Promise<Made>
  const chat = async (key: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'claude-sonnet-4.5',
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Say hello.' }],
      }),
    })
    await response.text()
    return response.status
  }
  const open = async (page: Page, route: string): Promise<void> => {
    await signIn(page, `${gateway.url}/login?next=${route}`, adminPassword)
    await page.waitForURL((url) => url.pathname.startsWith('/users'))
    await page.getByRole('heading', { level: 1 }).waitFor()
  }

  test.each(bothLooks)(
    'a user is created with limits as people write them; the key is shown once and works (31): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const name = `Li Wei ${width}`
      const { page, faults, close } = await openPage(look(locale, width))
      await open(page, '/users')
      await page
        .getByRole('button', { name: t('users.create') })
        .first()
        .click()
      const dialog = page.getByRole('dialog', { name: t('users.create') })
      await focusIs(page, t('users.name'))
      await dialog.getByLabel(t('users.name'), { exact: true }).fill(name)
      await dialog.getByLabel(t('users.limit.daily_quota')).fill('plenty')
      await dialog.getByRole('button', { name: t('users.create') }).click()
      await focusIs(page, t('users.limit.daily_quota'))
      await dialog.getByLabel(t('users.limit.daily_quota')).fill('1.5M')
      await dialog.getByLabel(t('users.limit.monthly_spend_micro_usd')).fill('20.50')
      await dialog.getByLabel(t('users.priority')).selectOption('1')
      expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
      await dialog.getByRole('button', { name: t('users.create') }).click()
      const key = await dialog.getByLabel(t('keys.value')).inputValue()
      expect(await chat(key)).toBe(200)
      await page.keyboard.press('Escape')
      await dialog.getByText(t('keys.closeAsk')).waitFor()
      await dialog.getByRole('button', { name: t('keys.closeAnyway') }).click()
      await dialog.waitFor({ state: 'detached' })
      const row = page.locator('[data-row]').filter({ hasText: name })
      await row.getByText(t('users.vip')).first().waitFor()
      expect(await page.content()).not.toContain(key)
      const users = (await gateway.admin('GET', '/v2/users')) as unknown as readonly { readonly name: string }[]
      expect(users.filter((one) => one.name === name)).toMatchObject([
        { daily_quota: 1_500_000, monthly_spend_micro_usd: 20_500_000, is_vip: true },
      ])
      expect(faults).toEqual([])
      await close()
    },
  )

  test('many users are a file with their keys, once; each key works (31)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await open(page, '/users')
    await page.getByRole('button', { name: 'Create many' }).click()
    const dialog = page.getByRole('dialog', { name: 'Create many users' })
    await dialog.getByLabel('How many').fill('10')
    await dialog.getByLabel('Name pattern').fill('class')
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await dialog.getByText('The pattern needs a place for the number').waitFor()
    await dialog.getByLabel('Name pattern').fill('class-{08}')
    await dialog.getByText('class-08 to class-17').waitFor()
    await dialog.getByRole('button', { name: 'Create user' }).click()
    const download = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Download CSV' }).click()
    const text = await Bun.file(await (await download).path()).text()
    const users = (await gateway.admin('GET', '/v2/users')) as unknown as readonly { readonly name: string }[]
    expect(users.filter(({ name }) => name.startsWith('class-'))).toHaveLength(10)
    const keys = [...text.matchAll(/sk-\w{48}/g)].map(([key]) => key)
    expect(new Set(keys).size).toBe(10)
    expect(await Promise.all(keys.map(chat))).toEqual(keys.map(() => 200))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    const left = await page.content()
    expect(keys.filter((key) => left.includes(key))).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test.each(bothLooks)(
    'with an hour of grace both strings of a key work, without one the old one ends at once (32): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { id, api_key: first } = await make({ name: 'Rota' })
      const { page, faults, close } = await openPage(look(locale, width))
      await open(page, `/users/${id}?tab=keys`)
      const rotate = async (grace: string): Promise<string> => {
        await page.getByRole('button', { name: `${t('keys.rotate')}: default` }).click()
        const dialog = page.getByRole('dialog', { name: t('keys.rotateTitle', { name: 'default' }) })
        await dialog.getByLabel(grace).check()
        expect(await accessibilityFaults(page)).toEqual([])
        await dialog.getByRole('button', { name: t('keys.rotateAction') }).click()
        const key = await dialog.getByLabel(t('keys.value')).inputValue()
        await dialog.getByRole('button', { name: t('keys.saved') }).click()
        await dialog.getByRole('button', { name: t('keys.closeAnyway') }).click()
        await dialog.waitFor({ state: 'detached' })
        return key
      }
      const second = await rotate(t('keys.grace.3600'))
      await page.getByText(new RegExp(t('keys.previous', { time: '.*' }))).waitFor()
      expect([await chat(first), await chat(second)]).toEqual([200, 200])
      await page.getByRole('button', { name: t('keys.endPrevious') }).click()
      await page.getByText(t('keys.previousEnded', { name: 'default' })).waitFor()
      expect([await chat(first), await chat(second)]).toEqual([401, 200])
      const third = await rotate(t('keys.grace.0'))
      expect([await chat(second), await chat(third)]).toEqual([401, 200])
      expect(faults).toEqual([])
      await close()
    },
  )

  test('a user at a limit says so with the time it begins anew, is found by it, and the address says all of it (33)', async () => {
    const { api_key: key } = await make({ name: 'Spent', request_quota: 1 })
    expect([await chat(key), await chat(key)]).toEqual([200, 429])
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await open(page, '/users')
    const row = page.getByRole('row').filter({ hasText: 'Spent' })
    await row.getByText(/At limit, resets in/).waitFor()
    await row.getByRole('meter', { name: 'Requests today: 100% used' }).waitFor()
    await page.getByRole('button', { name: /^At limit/ }).click()
    await page.getByRole('button', { name: 'User', exact: true }).click()
    await page.waitForURL('**/users?status=reached&sort=-name')
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.getByRole('link', { name: 'Spent' }).click()
    await page.getByRole('dialog', { name: 'Spent' }).getByRole('tab', { name: 'Requests' }).click()
    await page.waitForURL('**tab=requests')
    await page.getByRole('dialog').getByText('429').first().waitFor()
    await page.reload()
    await page.getByRole('dialog').getByRole('tab', { name: 'Requests', selected: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL('**/users?status=reached&sort=-name')
    await page.goto(`${gateway.url}/logs?status=429`)
    await page.getByText('429 limited', { exact: true }).first().click()
    await page
      .getByRole('dialog')
      .getByText(/1 request per day/)
      .first()
      .waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('what is written about a user as HTML is text wherever it stands (16)', async () => {
    const name = '<i onclick="hurt = 1">Mallory</i>'
    const notes = '<img src="/hurt" onerror="hurt = 1"> of <b>sales</b>'
    const keyNotes = '<svg onload="hurt = 1"></svg> laptop'
    const { id, api_key: key, keys } = await make({ name, notes })
    await gateway.admin('PATCH', `/v2/keys/${keys[0]?.id}`, { notes: keyNotes })
    expect(await chat(key)).toBe(200)
    await loggedRows(gateway, 1, `&user_id=${id}`)
    const { page, faults, addresses, close } = await openPage({ locale: 'en-US' })
    await open(page, '/users')
    const drawer = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: name })
    await row.getByText(notes, { exact: true }).waitFor()
    await page.getByLabel('Name, e-mail, end of a key').fill('of <b>sales')
    await page.waitForURL('**/users?q=*')
    await row.getByRole('link', { name }).click()
    await drawer.getByRole('heading', { name }).waitFor()
    await drawer.getByText(notes, { exact: true }).waitFor()
    await drawer.getByRole('tab', { name: 'Keys' }).click()
    await drawer.getByText(keyNotes, { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await row.getByRole('button', { name: /^More actions/ }).click()
    await page.getByRole('menuitem', { name: 'Edit' }).click()
    expect(await drawer.getByLabel('Notes').inputValue()).toBe(notes)
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search and commands' }).fill('Mallory')
    await page.getByRole('option', { name }).waitFor()
    await page.goto(`${gateway.url}/?user=${id}`)
    await page.getByRole('main').getByRole('cell').getByText(name, { exact: true }).waitFor()
    await page.goto(`${gateway.url}/logs`)
    await page.getByText(name).first().waitFor()
    await page.locator('[data-row] a').first().click()
    await drawer.getByText(name).first().waitFor()
    await page.goto(`${gateway.url}/settings/security`)
    await page
      .getByRole('button', { name: /^Details/ })
      .first()
      .waitFor()
    const entry = page.getByRole('row').filter({ hasText: name }).first()
    await entry.getByRole('button', { name: /^Details/ }).click()
    await drawer.getByText(notes).first().waitFor()
    await gateway.admin('DELETE', `/v2/users/${id}`)
    await page.goto(`${gateway.url}/users`)
    await page.getByRole('button', { name: 'More for this page' }).click()
    await page.getByRole('menuitem', { name: 'Recently deleted' }).click()
    await drawer.getByText(name, { exact: true }).waitFor()
    expect(await page.evaluate(() => Reflect.get(window, 'hurt'))).toBeUndefined()
    expect(addresses.filter((address) => address.endsWith('/hurt'))).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('many are disabled and deleted together, named before, and come back by one Undo', async () => {
    for (const name of ['Ann', 'Ben']) await make({ name })
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await open(page, '/users?sort=name')
    for (const name of ['Ann', 'Ben']) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    const bar = page.getByRole('region', { name: 'Selected users' })
    await bar.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('2 users disabled.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('2 users enabled.').waitFor()
    for (const name of ['Ann', 'Ben']) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    await bar.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog', { name: 'Delete 2 users?' }))
    await dialog.getByText(/Ann and Ben|Ben and Ann/).waitFor()
    await dialog.getByRole('button', { name: 'Delete users' }).click()
    await page.getByText('2 users deleted.').waitFor()
    expect(await page.getByRole('link', { name: 'Ann' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await page.getByText('2 users are back.').waitFor()
    await page.getByRole('link', { name: 'Ann' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a link hands a key over once: nothing before the button, nothing of it in any address that is asked for (10)', async () => {
    const { id } = await make({ name: 'Guest' })
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await open(page, `/users/${id}?tab=keys`)
    await page.getByRole('button', { name: 'Hand over by link: default' }).click()
    const dialog = page.getByRole('dialog', { name: 'Hand over default' })
    await dialog.getByRole('button', { name: 'Make the link' }).click()
    const link = await dialog.getByLabel('One-time link').inputValue()
    expect(await accessibilityFaults(page)).toEqual([])
    const token = new URL(link).hash.slice(1)
    const guest = await openPage({ locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    await guest.page.goto(link)
    await guest.page.getByText('Guest，已为你准备好 claude-server 的密钥。').waitFor()
    expect(await accessibilityFaults(guest.page)).toEqual([])
    await guest.page.reload()
    await guest.page.getByRole('button', { name: '显示密钥' }).click()
    const key = await guest.page.getByLabel('你的密钥').inputValue()
    expect(await chat(key)).toBe(200)
    expect([await accessibilityFaults(guest.page), await scrollsSideways(guest.page)]).toEqual([[], false])
    expect(new URL(guest.page.url()).hash).toBe('')
    expect(guest.addresses.filter((address) => address.split('#')[0]?.includes(token))).toEqual([])
    await guest.page.goto(link)
    await guest.page.reload()
    await guest.page.getByText('此链接已被打开过。').waitFor()
    expect(gateway.logs()).not.toContain(token)
    expect([guest.faults, faults]).toEqual([[], []])
    await guest.close()
    await close()
  })

  test('a key is told not to repair replies, keeps it, and follows the settings again', async () => {
    const { id, keys } = await make({ name: 'Strict' })
    const repair = async (): Promise<unknown> =>
      ((await gateway.admin('GET', `/v2/keys/${keys[0]?.id}`)) as { repair: unknown }).repair
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await open(page, `/users/${id}?tab=keys`)
    const choose = async (text: string): Promise<void> => {
      await page.getByRole('button', { name: 'Edit: default' }).click()
      const dialog = page.getByRole('dialog', { name: 'Edit default' })
      await dialog.getByLabel('Replies in the wrong form').selectOption({ label: text })
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    expect(await repair()).toBeNull()
    await choose('Check only, and refuse')
    expect(await repair()).toBe(false)
    await page.reload()
    await page.getByRole('button', { name: 'Edit: default' }).click()
    const again = page.getByRole('dialog', { name: 'Edit default' })
    expect(await again.getByLabel('Replies in the wrong form').inputValue()).toBe('false')
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await again.waitFor({ state: 'detached' })
    await choose('As in Settings')
    expect(await repair()).toBeNull()
    expect(faults).toEqual([])
    await close()
  })

  test('a key is kept to some accounts, switched off and on, and says when nobody is left to serve it (U3)', async () => {
    const { id } = await gateway.admin('POST', '/v2/accounts', {
      label: 'only for ci',
      method: 'social',
      refreshToken: 'made-up-token-of-an-account-that-is-removed',
    })
    const keyOf = async (name: string) =>
      ((await gateway.admin('GET', '/v2/keys')) as { keys: { name: string }[] }).keys.find((key) => key.name === name)
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog', { name: 'New key for Owner' })
    const card = page.getByRole('listitem').filter({ hasText: 'kept key' })
    await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
    await page.getByRole('button', { name: 'New key' }).click()
    await dialog.getByLabel('Name', { exact: true }).fill('kept key')
    await dialog.getByRole('group', { name: 'Accounts it may use' }).getByLabel('Only these').check()
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByText('Choose at least one account, or all of them.').waitFor()
    await dialog.getByRole('searchbox').fill('ci ONLY')
    // Told apart by its short id, here as everywhere.
    await dialog.getByRole('checkbox', { name: /^only for ci #\w{6}/ }).check()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByRole('button', { name: 'I have saved it' }).click()
    await dialog.getByRole('button', { name: 'Close without the key' }).click()
    await card.getByText('only for ci', { exact: true }).waitFor()
    expect(await keyOf('kept key')).toMatchObject({ account_ids: [id], enabled: true })

    await card.getByRole('switch').focus()
    await page.keyboard.press('Space')
    await card.getByText('Disabled', { exact: true }).waitFor()
    await page.getByText('kept key is off.').waitFor()
    expect(await keyOf('kept key')).toMatchObject({ enabled: false })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('kept key is on.').waitFor()

    await gateway.admin('DELETE', `/v2/accounts/${id}`)
    await page.reload()
    await card.getByText('No account: all of its accounts were removed.').waitFor()
    await card.getByText(/removed account #/).waitFor()
    await card.getByRole('button', { name: 'Edit: kept key' }).click()
    const edit = page.getByRole('dialog', { name: 'Edit kept key' })
    await edit.getByText('no account can serve these requests').waitFor()
    await edit.getByLabel('All accounts').check()
    await edit.getByRole('button', { name: 'Save' }).click()
    await card.getByText('No account: all of its accounts were removed.').waitFor({ state: 'detached' })
    expect(await keyOf('kept key')).toMatchObject({ account_ids: [] })
    expect(faults).toEqual([])
    await close()
  })

  test.each([
    ['en-US', 'light', 1280],
    ['zh-CN', 'dark', 360],
  ] as const)(
    'every tab in %s, %s, %p px wide: axe finds nothing, nothing scrolls sideways (49, 51)',
    async (locale, colorScheme, width) => {
      const { id } = await make({ name: 'Tabs', daily_quota: 5_000, notes: 'desk 4', models: ['claude-*'] })
      const { page, faults, close } = await openPage({
        ...{ locale, colorScheme, viewport: { width, height: 740 }, hasTouch: width < 700 },
      })
      await open(page, '/users')
      for (const route of [
        `/users/${id}`,
        ...['keys', 'addresses', 'requests'].map((tab) => `/users/${id}?tab=${tab}`),
        '/users/owner',
      ]) {
        await page.goto(gateway.url + route)
        await page.getByRole('dialog').waitFor()
        await page.waitForLoadState('networkidle')
        expect({ route, faults: await accessibilityFaults(page) }).toEqual({ route, faults: [] })
        expect({ route, sideways: await scrollsSideways(page) }).toEqual({ route, sideways: false })
      }
      expect(faults).toEqual([])
      await close()
    },
  )
}
