import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import type { Translate } from '../../ui/src/i18n/dictionary.ts'
import { gatewayCommand } from '../support/command.ts'
import { bothLooks, focusIs, look, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { sayIn } from '../support/words.ts'

consoleTests(care)

/** Small things that make a console one can trust: focus, errors at their place, nothing lost, nothing that jumps. */
function care({ gateway, openPage }: ConsoleStand): void {
  test.each(bothLooks)(
    'dialogs begin at their first field and give the focus back to what opened them (U2): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, faults, close } = await openPage(look(locale, width))
      await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
      await page.getByRole('button', { name: t('users.newKey') }).focus()
      await page.keyboard.press('Enter')
      await focusIs(page, t('keys.name'))
      await page.keyboard.press('Escape')
      await focusIs(page, t('users.newKey'))
      await page.getByRole('button', { name: `${t('users.edit')}: test` }).focus()
      await page.keyboard.press('Enter')
      await focusIs(page, t('keys.name'))
      await page.keyboard.press('Escape')
      await focusIs(page, t('users.edit'))
      await page.getByRole('switch', { name: t('keys.on', { name: 'test' }) }).focus()
      await page.keyboard.press('Space')
      await page.getByText(t('keys.disabledDone', { name: 'test' })).waitFor()
      await focusIs(page, t('keys.on', { name: 'test' }))
      await page.getByRole('button', { name: t('common.undo') }).click()
      await page.getByText(t('keys.enabledDone', { name: 'test' })).waitFor()
      expect(faults).toEqual([])
      await close()
    },
  )

  test.each(bothLooks)(
    'a wrong password in the dialog over the page says so there (U2): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, close } = await openPage(look(locale, width))
      const dialog = page.getByRole('dialog')
      await signIn(page, `${gateway.url}/login?next=/users`, adminPassword)
      await page.getByRole('heading', { level: 1, name: t('users.title') }).waitFor()
      await page.context().clearCookies()
      await page
        .getByRole('link', { name: t('nav.accounts') })
        .first()
        .click()
      await dialog.locator('[autocomplete=current-password]').fill('not this one')
      await page.keyboard.press('Enter')
      await dialog.getByText(t('login.wrong')).waitFor()
      expect(await dialog.locator('[autocomplete=current-password]').inputValue()).toBe('not this one')
      await focusIs(page, t('login.password'))
      await close()
    },
  )

  test.each(bothLooks)(
    'on the first visit from elsewhere each field has its own error (U8, 2): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, close } = await openPage(look(locale, width))
      await page.route('**/api/session', async (route) => {
        const response = await route.fetch()
        await route.fulfill({
          response,
          json: { ...(await response.json()), firstVisit: true, setupCodeRequired: true },
        })
      })
      await page.route('**/api/login', (route) =>
        route.request().postDataJSON().setupCode === 'RIGHT234'
          ? route.fulfill({ json: { success: true, message: '', mustChangePassword: true } })
          : route.fulfill({ status: 401, json: { success: false, message: 'x', code: 'SETUP_CODE_REQUIRED' } }),
      )
      await page.route('**/api/password', (route) =>
        route.fulfill({ status: 400, json: { error: 'x', code: 'PASSWORD_COMMON', field: 'newPassword' } }),
      )
      await page.goto(gateway.url)
      const code = page.getByLabel(t('login.setupCode'))
      await code.fill('WRONG234')
      for (const field of [t('password.new'), t('password.repeat')])
        await page.getByLabel(field, { exact: true }).fill('rain on a tin roof')
      await page.keyboard.press('Enter')
      await page.getByText(t('login.setupCodeWrong')).waitFor()
      expect(await code.getAttribute('aria-invalid')).toBe('true')
      await code.fill('RIGHT234')
      await page.keyboard.press('Enter')
      await page.getByText(t('error.code.PASSWORD_COMMON')).waitFor()
      expect(await code.getAttribute('aria-invalid')).toBeNull()
      expect(await page.getByLabel(t('password.new'), { exact: true }).getAttribute('aria-invalid')).toBe('true')
      await close()
    },
  )

  test('a refusal is said in Chinese, and only words from elsewhere stay as they came (U6)', async () => {
    const { page, close } = await openPage({ locale: 'zh-CN' })
    await page.route('**/v2/keys', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({ status: 503, json: { error: 'No account is left.', code: 'NO_ACCOUNT' } })
        : route.continue(),
    )
    await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
    await page.getByRole('button', { name: '新建密钥' }).click()
    const dialog = page.getByRole('dialog', { name: '为 所有者 新建密钥' })
    await dialog.getByLabel('名称', { exact: true }).fill('x')
    await page.keyboard.press('Enter')
    await page.getByText('没有可用的账号。').waitFor()
    expect(await dialog.textContent()).not.toContain('No account is left')
    await close()
  })

  test('what the server alone can see is refused in the language of the page, with what it is about (U6)', async () => {
    const { page, close } = await openPage({ locale: 'zh-CN' })
    const dialog = page.getByRole('dialog')
    const words = async (): Promise<string> => (await dialog.textContent()) ?? ''
    const url = 'http://127.0.0.1:3128'
    await gateway.admin('POST', '/v2/proxies', { url, name: '出口一' })
    await signIn(page, `${gateway.url}/login?next=/proxies`, adminPassword)
    await page.getByRole('button', { name: '添加代理' }).first().click()
    await dialog.locator('input').first().fill(url)
    await page.keyboard.press('Enter')
    await dialog.getByText('已有相同地址的代理：出口一。').waitFor()
    expect(await words()).not.toMatch(/already|原始信息/)
    await page.goto(`${gateway.url}/settings/security`)
    await page.getByRole('button', { name: '添加用户' }).click()
    for (const [label, value] of [
      ['用户名', 'owner'],
      ['密码', 'rain on a tin roof'],
    ] as const)
      await dialog.getByLabel(label, { exact: true }).fill(value)
    await page.keyboard.press('Enter')
    await dialog.getByText('这是所有者的名称。').waitFor()
    expect(await words()).not.toMatch(/name is|原始信息/)
    // A sign-in of nobody's.
    await page.goto(`${gateway.url}/accounts`)
    await page.getByRole('button', { name: '添加账号' }).first().click()
    await dialog.getByRole('tab', { name: '粘贴令牌' }).click()
    await dialog.getByRole('textbox', { name: '刷新令牌' }).fill(`aor${'Z'.repeat(44)}`)
    await dialog.getByRole('button', { name: '添加账号' }).click()
    await dialog.getByText('服务商不再接受这个登录凭据。').waitFor()
    expect(await words()).not.toMatch(/sign-in|原始信息/)
    // A file of something else.
    await page.goto(`${gateway.url}/backup`)
    await page.locator('input[type=file]').setInputFiles({
      name: 'other.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"hello":"there"}'),
    })
    await page.getByRole('button', { name: '预览恢复' }).click()
    await page.getByText('其中没有任何备份应有的内容。').waitFor()
    expect(await page.locator('main').textContent()).not.toMatch(/holds none|原始信息/)
    await close()
  })

  test.each(bothLooks)(
    'no menu moves the page, and the playground opens at its top (U9): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, close } = await openPage({ ...look(locale, width), viewport: { width, height: 500 } })
      const top = (): Promise<number> => page.evaluate(() => scrollY)
      await signIn(page, `${gateway.url}/login?next=/playground`, adminPassword)
      await page.getByRole('heading', { level: 1, name: t('playground.title') }).waitFor()
      await page.waitForLoadState('networkidle')
      expect(await top()).toBe(0)
      await page.evaluate(() => scrollTo(0, 40))
      // As far as the page goes.
      const before = await top()
      expect(before).toBeGreaterThan(0)
      await page.getByRole('button', { name: t('me.label') }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menuitemradio', { name: 'English' }).waitFor()
      expect(await top()).toBe(before)
      await page.keyboard.press('Escape')
      await focusIs(page, t('me.label'))
      expect(await top()).toBe(before)
      await close()
    },
  )

  test.each(bothLooks)(
    'a server that is away is no new version: the page comes by itself when it is back (U10): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, close } = await openPage(look(locale, width))
      await signIn(page, `${gateway.url}/login?next=/users`, adminPassword)
      await page.getByRole('heading', { level: 1, name: t('users.title') }).waitFor()
      await page.waitForLoadState('networkidle')
      await page.context().setOffline(true)
      if (width < 768) await page.getByRole('button', { name: t('nav.menu') }).click()
      await page
        .getByRole('link', { name: t('nav.health') })
        .last()
        .click()
      await page.getByRole('button', { name: t('common.retry') }).waitFor()
      expect(await page.getByText(t('error.newVersion')).count()).toBe(0)
      await page.context().setOffline(false)
      await page.getByRole('heading', { level: 1, name: t('nav.health') }).waitFor()
      await close()
    },
  )

  test.each(bothLooks)(
    'a new key is seen whole, and leaving by the playground asks for it too (U12, 31): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, close } = await openPage(look(locale, width))
      const dialog = page.getByRole('dialog', { name: t('users.newKeyFor', { name: t('users.ownerName') }) })
      await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
      await page.getByRole('button', { name: t('users.newKey') }).click()
      await dialog.getByLabel(t('keys.name'), { exact: true }).fill('whole')
      await page.keyboard.press('Enter')
      const key = dialog.getByLabel(t('keys.value'))
      await key.waitFor()
      const hidden = await key.evaluate((field) => [
        field.scrollWidth - field.clientWidth,
        field.scrollHeight - field.clientHeight,
      ])
      expect(Math.max(...hidden)).toBeLessThanOrEqual(1)
      await dialog.getByRole('button', { name: t('keys.tryIt') }).click()
      await dialog.getByText(t('keys.closeAsk')).waitFor()
      await dialog.getByRole('button', { name: t('keys.closeAnyway') }).click()
      await page.getByRole('heading', { level: 1, name: t('playground.title') }).waitFor()
      await close()
    },
  )

  test.each(bothLooks)(
    'a waiting sign-in outlives a glance at another tab, and the dialog stays where it is (U2, U12): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, close } = await openPage(look(locale, width))
      const dialog = page.getByRole('dialog')
      await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
      await page
        .getByRole('button', { name: t('accounts.add') })
        .first()
        .click()
      await dialog.getByRole('button', { name: t('device.start') }).click()
      await focusIs(page, t('device.open'))
      const code = await dialog.locator('code').textContent()
      const top = async (): Promise<number | undefined> => (await dialog.boundingBox())?.y
      const before = await top()
      for (const tab of [t('add.token'), t('add.import'), t('add.device')]) {
        await dialog.getByRole('tab', { name: tab }).click()
        expect(await top()).toBe(before)
      }
      expect(await dialog.locator('code').first().textContent()).toBe(code)
      // Nor does it matter that the window is closed, or the page left.
      const add = page.getByRole('button', { name: t('accounts.add') }).first()
      const closed = async (): Promise<void> => {
        await page.keyboard.press('Escape')
        await dialog.waitFor({ state: 'detached' })
      }
      await closed()
      await add.click()
      await dialog.getByText(code ?? '', { exact: true }).waitFor()
      await closed()
      await overAndBack(page, t, t('nav.accounts'))
      await add.click()
      await dialog.getByText(code ?? '', { exact: true }).waitFor()
      await dialog.getByText(t('device.waiting')).waitFor()
      await dialog.getByRole('button', { name: t('device.cancel') }).click()
      await focusIs(page, t('device.newCode'))
      await closed()
      await add.click()
      await dialog.getByRole('button', { name: t('device.start') }).waitFor()
      await close()
    },
  )

  test.each(bothLooks)(
    'the playground says after a while what goes on, stops with the focus in the message, and keeps the chat (U2, U11, U14): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, faults, close } = await openPage(look(locale, width))
      await page.route('**/v2/test/v1/messages*', () => undefined)
      await signIn(page, `${gateway.url}/login?next=/playground`, adminPassword)
      await page.getByLabel(t('playground.message')).fill('Is anybody there?')
      await page.keyboard.press('Enter')
      await page.getByText(t('playground.waiting')).waitFor()
      await page.getByText(new RegExp(t('playground.late', { time: '\\d.*' }))).waitFor()
      await page.getByText(t('accounts.answer', { ready: 1, total: 1 })).waitFor()
      expect(await page.locator('main a[href="/accounts"]').count()).toBe(1)
      await page.getByRole('button', { name: t('playground.stop') }).focus()
      await page.keyboard.press('Enter')
      await focusIs(page, t('playground.message'))
      await page.getByText(t('playground.stopped'), { exact: true }).waitFor()
      await overAndBack(page, t, t('nav.playground'))
      if (width < 768)
        await page
          .getByRole('main')
          .getByRole('button', { name: t('playground.chats') })
          .click()
      await page.getByRole('link', { name: 'Is anybody there?' }).click()
      await page.getByRole('listitem').getByText('Is anybody there?').first().waitFor()
      expect(faults).toEqual([])
      await close()
    },
  )

  test('the first page is a light one: 60 KiB before sign-in, 120 KiB after, in 15 requests, in both languages (55)', async () => {
    const asked = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': gateway.key },
      body: JSON.stringify({
        model: 'claude-sonnet-4.5',
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Hi.' }],
      }),
    })
    expect(asked.status).toBe(200)
    await asked.text()
    for (const locale of ['en-US', 'zh-CN']) {
      // As by plain HTTP from another machine, where browsers take no Brotli.
      const headers = { 'accept-encoding': 'gzip' }
      const { page, close } = await openPage({ locale, extraHTTPHeaders: headers })
      const session = await page.context().newCDPSession(page)
      await session.send('Network.enable')
      await session.send('Network.setCacheDisabled', { cacheDisabled: true })
      /** Bytes of the body as they come over the wire, by the request. */
      const bodies = new Map<string, { readonly name: string; bytes: number }>()
      session.on('Network.requestWillBeSent', ({ requestId, request }) => {
        const { protocol, pathname } = new URL(request.url)
        if (protocol !== 'data:') bodies.set(requestId, { name: pathname, bytes: 0 })
      })
      session.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
        const body = bodies.get(requestId)
        if (body) body.bytes += encodedDataLength
      })
      const names = (): readonly string[] => [...bodies.values()].map(({ name }) => name)
      const kib = (ending: RegExp): number =>
        [...bodies.values()].reduce((sum, { name, bytes }) => sum + (ending.test(name) ? bytes : 0), 0) / 1024
      const password = page.locator('[autocomplete=current-password]')
      for (const path of ['/', '/login', '/users', '/setup']) {
        bodies.clear()
        await page.goto(gateway.url + path)
        await password.waitFor()
        await page.waitForLoadState('networkidle')
        expect([
          path,
          names().filter((name) => /^\/assets\/(frame|inside|overview|users|setup|shared)/.test(name)),
        ]).toEqual([path, []])
        expect(kib(/\.(js|css)$/)).toBeGreaterThan(30)
        expect(kib(/\.(js|css)$/)).toBeLessThanOrEqual(60)
        expect(names().length).toBeLessThanOrEqual(10)
      }
      await signIn(page, `${gateway.url}/login?next=/health`, adminPassword)
      await page.waitForURL('**/health')
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      bodies.clear()
      // With what is asked for late; then, when all is quiet, what may be wanted soon is loaded.
      const latency = page.waitForResponse('**/aws-latency')
      await page.goto(gateway.url)
      await page.locator('main canvas').first().waitFor()
      await latency
      expect(kib(/\.js$/)).toBeLessThanOrEqual(120)
      expect(kib(/\.css$/)).toBeLessThanOrEqual(15)
      const late = names().findIndex((name) => name.endsWith('/aws-latency'))
      expect(late).toBeGreaterThan(5)
      expect(late + 1).toBeLessThanOrEqual(15)
      await close()
    }
  })

  test.each(bothLooks)(
    'a demo is entered by one click; what it prints can be pasted (U7): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const port = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
      const free = port.port
      port.stop(true)
      const child = Bun.spawn([...gatewayCommand(), '--demo', '--port', String(free)], {
        env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1' },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'ignore',
      })
      const { page, faults, close } = await openPage(look(locale, width))
      try {
        const url = `http://127.0.0.1:${free}`
        const until = Date.now() + 60_000
        while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok && Date.now() < until) await Bun.sleep(50)
        await page.goto(url)
        await page.getByRole('button', { name: t('login.enterDemo') }).click()
        await page.getByRole('heading', { level: 1, name: t('overview.title') }).waitFor()
        expect(faults).toEqual([])
      } finally {
        await close()
        child.kill('SIGTERM')
        await child.exited
      }
      const printed = await new Response(child.stdout).text()
      expect(printed).toMatch(/curl .*x-api-key: sk-\w{20,}/)
      expect(printed).not.toContain('Back it up')
    },
  )
}

/** To the overview by the navigation, and to the page again. */
async function overAndBack(page: Page, t: Translate, name: string): Promise<void> {
  const to = (link: string) => page.getByRole('link', { name: link }).first().click()
  await to(t('nav.overview'))
  await page.getByRole('heading', { level: 1, name: t('overview.title') }).waitFor()
  await to(name)
}
