import { expect, test } from 'bun:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { focusIs, signIn, smallTargets } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

consoleTests(playground)

const wide = { locale: 'en-US', viewport: { width: 1440, height: 900 } } as const
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const message = (page: Page) => page.getByLabel('Message', { exact: true }).last()
const ended = (page: Page, answers = 1) =>
  page
    .getByRole('link', { name: 'Log entry' })
    .nth(answers - 1)
    .waitFor()
async function ask(page: Page, text: string): Promise<void> {
  await message(page).fill(text)
  await page.keyboard.press('Enter')
}

/** Everything in the playground's part of IndexedDB. */
const kept = (page: Page): Promise<readonly string[]> =>
  page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const open = indexedDB.open('playground')
        open.onerror = () => reject(open.error)
        open.onsuccess = () => {
          const { result } = open
          const all = result.transaction('chats').objectStore('chats').getAll()
          all.onsuccess = () => {
            result.close()
            resolve(all.result.map((value) => JSON.stringify(value)))
          }
        }
      }),
  )

function playground({ gateway, openPage }: ConsoleStand): void {
  const open = async (options: BrowserContextOptions = wide) => {
    const opened = await openPage(options)
    await signIn(opened.page, `${gateway.url}/login?next=/playground`, adminPassword)
    await opened.page.waitForURL(({ pathname }) => pathname !== '/login')
    await opened.page.getByRole('heading', { level: 1 }).waitFor()
    return opened
  }

  test('what a model writes as HTML runs nothing and loads nothing (15)', async () => {
    const { page, faults, addresses, close } = await open()
    const evil = [
      '<img src=x onerror="window.hurt = 1">',
      '<style>body { display: none }</style>',
      '<script>window.hurt = 2</script>',
      '[click](javascript:window.hurt=3) [data](data:text/html,hurt) [good](https://good.example/path)',
      '![remote](https://remote.example/pixel.png)',
      '<a href="https://raw.example" onclick="window.hurt=4">raw</a> <svg onload=window.hurt=5>',
      '```html\n<img src=y onerror="window.hurt = 6">\n```',
      '| a |\n| - |\n| <iframe src="https://frame.example"></iframe> |',
    ].join('\n\n')
    await ask(page, `Hello [[sim:text=${evil}]]`)
    await ended(page)
    const answer = page.locator('.markdown')
    const shown = (await answer.textContent()) ?? ''
    for (const text of ['<img src=x onerror', '<style>', '<script>', '<a href=', '<svg', '<iframe', '<img src=y'])
      expect(shown).toContain(text)
    expect(await answer.locator('img, style, script, iframe, svg:not(figcaption svg), [onclick]').count()).toBe(0)
    const links = await answer
      .locator('a')
      .evaluateAll((all) =>
        all.map((link) => [link.getAttribute('href'), link.getAttribute('rel'), link.getAttribute('target')]),
      )
    expect(links).toEqual([
      ['https://good.example/path', 'noopener noreferrer nofollow', '_blank'],
      ['https://remote.example/pixel.png', 'noopener noreferrer nofollow', '_blank'],
    ])
    expect(await page.evaluate(() => Reflect.get(window, 'hurt'))).toBeUndefined()
    expect(addresses.filter((address) => new URL(address).origin !== gateway.url)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test.each(['Messages', 'Chat Completions', 'Responses'])(
    'by %s: streamed, thinking apart, a tool called, its result sent, figures and log below (U14)',
    async (api) => {
      const { page, faults, close } = await open()
      const settings = page.getByRole('complementary', { name: 'Settings' })
      await settings.getByLabel('API', { exact: true }).selectOption(api)
      await settings.getByLabel('Thinking', { exact: true }).check()
      await settings
        .getByLabel(/^Tools/)
        .fill('[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]')
      await ask(page, 'How is it there? [[sim:think=Let me look.]] [[sim:call=weather {"city":"Paris"}]]')
      await ended(page)
      const thinking = page.getByRole('group').filter({ hasText: 'Thinking' }).locator('summary')
      await thinking.click()
      await page.getByText('Let me look.', { exact: true }).waitFor()
      await page.getByRole('heading', { name: 'Calls weather' }).waitFor()
      await page.getByText('"Paris"', { exact: true }).waitFor()
      await page.getByLabel('Result of weather').fill('Sunny, 21 degrees')
      await message(page).focus()
      await page.keyboard.press('Enter')
      await ended(page, 2)
      await page.locator('.markdown').last().getByText('Sunny, 21 degrees').waitFor()
      await page.getByRole('button', { name: 'Edit and send again' }).last().click()
      expect(await page.getByRole('list').getByLabel('Result of weather').inputValue()).toBe('Sunny, 21 degrees')
      await page.keyboard.press('Escape')
      const facts = await page.locator('main').textContent()
      expect(facts).toMatch(/to the first token · .* in all · .*\d tokens? in, \d+ out · in: /)
      expect(facts).toContain(gateway.accounts[0]?.id ?? '?')
      const record = (await gateway.admin('GET', '/v2/logs?limit=1')) as unknown as { logs: { path: string }[] }
      const path = { Messages: 'messages', 'Chat Completions': 'chat/completions', Responses: 'responses' }[api]
      expect(record.logs[0]?.path).toBe(`/v2/test/v1/${path}`)
      expect(faults).toEqual([])
      await close()
    },
  )

  test('Enter while an input method composes does not send; Shift+Enter adds a line (42)', async () => {
    const { page, close } = await open()
    await message(page).fill('你')
    await message(page).dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })
    await message(page).dispatchEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true })
    await message(page).press('Shift+Enter')
    await page.keyboard.type('好')
    expect(await message(page).inputValue()).toBe('你\n好')
    expect(await page.getByRole('link', { name: 'Log entry' }).count()).toBe(0)
    await page.keyboard.press('Enter')
    await ended(page)
    expect(await message(page).inputValue()).toBe('')
    await close()
  })

  test('Stop ends the stream within half a second and keeps the text (42)', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'Count. [[sim:repeat=500]] [[sim:pace=30]]')
    await page.locator('.markdown').getByText('simulated').first().waitFor()
    // From the click to the page that says so, by the page's own clock: the way here and back is not the console's.
    const took = await page.getByRole('button', { name: 'Stop' }).evaluate(
      (button) =>
        new Promise<number>((resolve) => {
          const start = performance.now()
          const look = (): void => {
            if (document.querySelector('main')?.textContent?.includes('Stopped')) resolve(performance.now() - start)
            else requestAnimationFrame(look)
          }
          ;(button as HTMLElement).click()
          look()
        }),
    )
    expect(took).toBeLessThan(500)
    await focusIs(page, 'Message')
    const text = await page.locator('.markdown').textContent()
    expect(text?.length).toBeGreaterThan(20)
    await page.waitForTimeout(300)
    expect(await page.locator('.markdown').textContent()).toBe(text)
    // It goes on from there.
    await ask(page, 'And now? [[marker:after]]')
    await page.locator('.markdown').last().getByText('[[marker:after]]').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a long answer streams without holding up the page', async () => {
    const { page, faults, close } = await open()
    // How many elements are made is the same on a slow machine as on a fast one.
    await page.evaluate(() => {
      const made = { count: 0 }
      Object.assign(window, { made })
      new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
          if (!(target instanceof Element) || target.closest('.markdown') === null) continue
          for (const node of addedNodes)
            if (node instanceof Element) made.count += 1 + node.querySelectorAll('*').length
        }
      }).observe(document, { childList: true, subtree: true })
    })
    const block = 'A paragraph of *some* words with `code`.\n\n- one\n- two\n\n```ts\nconst a = 1\n```\n\n'
    await ask(page, `Go on. [[sim:text=${block}]] [[sim:repeat=120]]`)
    await ended(page)
    expect(await page.locator('.markdown figure').count()).toBeGreaterThan(100)
    const shown = await page.locator('.markdown *').count()
    const { count } = await page.evaluate(() => Reflect.get(window, 'made') as { count: number })
    // Each once, and the last block as it grew; drawn anew with each piece it would be hundreds of times as many.
    expect(count / shown).toBeLessThan(6)
    expect(faults).toEqual([])
    await close()
  })

  test('edit and send again, ask again, delete with a way back (U14)', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'First [[marker:one]]')
    await ended(page)
    await ask(page, 'Second [[marker:two]]')
    await ended(page, 2)
    await page.getByRole('button', { name: 'Ask again' }).click()
    await page.getByText('2 of 2').waitFor()
    await ended(page, 2)
    await page.getByRole('button', { name: 'Previous answer' }).click()
    await page.getByText('1 of 2').waitFor()
    await page.getByRole('button', { name: 'Edit and send again' }).first().click()
    const edit = page.getByRole('list').getByLabel('Message', { exact: true })
    expect(await edit.inputValue()).toBe('First [[marker:one]]')
    await edit.press('Escape')
    await focusIs(page, 'Edit and send again')
    await page.getByRole('button', { name: 'Edit and send again' }).first().click()
    await edit.fill('Changed [[marker:three]]')
    await edit.press('Enter')
    await page.locator('.markdown').getByText('[[marker:three]]').first().waitFor()
    await ended(page)
    expect(await page.locator('main').textContent()).not.toContain('[[marker:two]]')
    await page.getByRole('button', { name: 'Delete this question and its answer' }).click()
    await page.getByText('Send a message to see the answer').waitFor()
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await page.locator('.markdown').getByText('[[marker:three]]').first().waitFor()
    expect(faults).toEqual([])
    await close()
  })

  /** Each question by its marker, which its answer repeats. */
  const said = async (page: Page): Promise<readonly string[]> => {
    const text = (await page.locator('main ol').textContent()) ?? ''
    return [...new Set(text.match(/(?<=\[\[marker:)\w+(?=\]\])/g))]
  }
  const shows = async (page: Page, markers: readonly string[]): Promise<void> => {
    for (let tries = 0; tries < 100 && (await said(page)).join() !== markers.join(); tries++)
      await page.waitForTimeout(50)
    expect(await said(page)).toEqual(markers)
  }

  test('Undo puts back what was deleted where it was, and takes nothing that came since', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'A [[marker:one]]')
    await ended(page)
    await ask(page, 'B [[marker:two]]')
    await ended(page, 2)
    await page.getByRole('button', { name: 'Delete this question and its answer' }).first().click()
    await ask(page, 'C [[marker:three]]')
    await shows(page, ['two', 'three'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await shows(page, ['one', 'two', 'three'])
    await ended(page, 3)
    await page.reload()
    await shows(page, ['one', 'two', 'three'])
    // The only one that is left: gone for good, or back.
    for (let left = 3; left > 0; left--)
      await page.getByRole('button', { name: 'Delete this question and its answer' }).first().click()
    await page.getByText('Send a message to see the answer').waitFor()
    await page.reload()
    await page.getByText('Send a message to see the answer').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('an edit of an early question has a way back to what followed, and leaves what came since', async () => {
    const { page, faults, close } = await open()
    for (const [index, marker] of ['one', 'two', 'three'].entries()) {
      await ask(page, `Q [[marker:${marker}]]`)
      await ended(page, index + 1)
    }
    const edit = async (text: string): Promise<void> => {
      await page.getByRole('button', { name: 'Edit and send again' }).first().click()
      const field = page.getByRole('list').getByLabel('Message', { exact: true })
      await field.fill(text)
      await field.press('Enter')
    }
    await message(page).fill('half a prompt')
    await edit('Q [[marker:four]]')
    await shows(page, ['four'])
    expect(await message(page).inputValue()).toBe('half a prompt')
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await shows(page, ['one', 'two', 'three'])
    await edit('Q [[marker:five]]')
    // The way back stays for eight seconds.
    await shows(page, ['five'])
    await page.getByRole('button', { name: 'Ask again' }).waitFor()
    await ask(page, 'Q [[marker:six]]')
    await shows(page, ['five', 'six'])
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await shows(page, ['one', 'two', 'three', 'five', 'six'])
    await page.reload()
    await shows(page, ['one', 'two', 'three', 'five', 'six'])
    expect(faults).toEqual([])
    await close()
  })

  test('Esc in an edit keeps what was typed; Cancel does not', async () => {
    const { page, close } = await open()
    await ask(page, 'First')
    await ended(page)
    const pencil = page.getByRole('button', { name: 'Edit and send again' })
    const field = page.getByRole('list').getByLabel('Message', { exact: true })
    await pencil.click()
    await field.fill('First, changed')
    await field.press('Escape')
    await pencil.click()
    expect(await field.inputValue()).toBe('First, changed')
    await page.getByRole('list').getByRole('button', { name: 'Cancel' }).click()
    await pencil.click()
    expect(await field.inputValue()).toBe('First')
    await close()
  })

  test('two tabs on one chat: each sees what the other sent, and both stay', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'Q [[marker:one]]')
    await ended(page)
    const other = await page.context().newPage()
    await other.goto(page.url())
    await shows(other, ['one'])
    await ask(page, 'Q [[marker:two]]')
    await shows(other, ['one', 'two'])
    // Both at once.
    await Promise.all([
      ask(page, 'Q [[marker:three]] [[sim:pace=20]]'),
      ask(other, 'Q [[marker:four]] [[sim:pace=20]]'),
    ])
    for (const tab of [page, other]) await ended(tab, 4)
    for (const tab of [page, other, page]) {
      await tab.reload()
      await ended(tab, 4)
      expect((await said(tab)).toSorted()).toEqual(['four', 'one', 'three', 'two'])
      expect(await tab.getByText('Stopped').count()).toBe(0)
    }
    // Each asks the last one again: all answers are there.
    await page.getByRole('button', { name: 'Ask again' }).last().click()
    await page.getByText('2 of 2').waitFor()
    await other.getByText('of 2').waitFor()
    // One is deleted in one tab, and comes back in both.
    await page.getByRole('button', { name: 'Delete this question and its answer' }).first().click()
    await other.locator('main ol > li').nth(3).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await other.locator('main ol > li').nth(3).waitFor()
    // The whole chat is deleted in one: the other does not bring it back by itself.
    await page.getByRole('complementary', { name: 'Chats' }).getByRole('button', { name: 'Delete all chats' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete all chats' }).click()
    await other.getByText('This chat is not in this browser.').waitFor()
    expect(await kept(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('what was typed and not sent outlives a reload, each chat its own; deleting all takes it too', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'Q [[marker:one]]')
    await ended(page)
    await message(page).fill('half a prompt')
    await page.reload()
    await shows(page, ['one'])
    expect(await message(page).inputValue()).toBe('half a prompt')
    await page.getByRole('button', { name: 'New chat' }).first().click()
    expect(await message(page).inputValue()).toBe('')
    await message(page).fill('of a new one')
    await page.reload()
    await page.getByText('Send a message to see the answer').waitFor()
    expect(await message(page).inputValue()).toBe('of a new one')
    await page.keyboard.press('Enter')
    await ended(page)
    await page.reload()
    await ended(page)
    expect(await message(page).inputValue()).toBe('')
    const stored = () => page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    expect(await stored()).toContain('half a prompt')
    expect(await stored()).not.toContain(adminPassword)
    await page.getByRole('complementary', { name: 'Chats' }).getByRole('button', { name: 'Delete all chats' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete all chats' }).click()
    await page.getByText('No chats yet.').waitFor()
    expect(await stored()).not.toContain('half a prompt')
    expect(faults).toEqual([])
    await close()
  })

  test('chats outlive a reload, are renamed and deleted; “delete all” leaves nothing in the browser (43, U14)', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'Alpha question')
    await ended(page)
    expect(new URL(page.url()).pathname).toMatch(/^\/playground\/\w{18}$/)
    await page.getByRole('button', { name: 'New chat' }).click()
    expect(new URL(page.url()).pathname).toBe('/playground')
    await ask(page, 'Beta question')
    await ended(page)
    const chats = page.getByRole('complementary', { name: 'Chats' })
    await page.reload()
    await page.locator('.markdown').getByText('Beta question').waitFor()
    await chats.getByRole('link', { name: 'Alpha question' }).click()
    await page.locator('.markdown').getByText('Alpha question').waitFor()
    await page.goBack()
    await page.locator('.markdown').getByText('Beta question').waitFor()

    // They come with the pointer, or with the focus.
    await chats.getByRole('link', { name: 'Alpha question' }).hover()
    await chats.getByRole('button', { name: 'Rename Alpha question' }).click()
    await page.keyboard.type('Renamed')
    await page.keyboard.press('Enter')
    await focusIs(page, 'Renamed')
    await chats.getByRole('button', { name: 'Delete Renamed' }).click()
    await chats.getByRole('link', { name: 'Renamed' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await chats.getByRole('link', { name: 'Renamed' }).hover()
    const saved = page.waitForEvent('download')
    await chats.getByRole('button', { name: 'Save Renamed as Markdown' }).click()
    expect((await saved).suggestedFilename()).toBe('Renamed.md')

    expect((await kept(page)).join()).toContain('Alpha question')
    expect((await kept(page)).join()).not.toContain(adminPassword)
    await chats.getByRole('button', { name: 'Delete all chats' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete all chats' }).click()
    await chats.getByText('No chats yet.').waitFor()
    expect(await kept(page)).toEqual([])
    await page.reload()
    await chats.getByText('No chats yet.').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('whoever signs in next in this browser sees none of the chats', async () => {
    await gateway.admin('POST', '/v2/operators', { name: 'ada', role: 'admin', password: 'the password of ada' })
    const { page, close } = await open()
    await ask(page, 'Mine alone')
    await ended(page)
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
    await page.waitForURL('**/login**')
    await page.locator('[autocomplete=username]').fill('ada')
    await page.locator('[autocomplete=current-password]').fill('the password of ada')
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => !url.pathname.startsWith('/login'))
    await page.goto(`${gateway.url}/playground`)
    await page.getByText('No chats yet.').waitFor()
    expect(await page.locator('main').textContent()).not.toContain('Mine alone')
    await close()
  })

  test('images by file, paste and drop; what cannot be sent is said by name', async () => {
    const { page, faults, close } = await open()
    await page.locator('input[type=file]').setInputFiles([
      { name: 'dot.png', mimeType: 'image/png', buffer: png },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') },
    ])
    await page.getByAltText('dot.png').waitFor()
    await page.getByText('notes.txt: not a PNG').waitFor()
    const give = (kind: 'paste' | 'drop', name: string) =>
      message(page).evaluate(
        (field, { kind, name, bytes }) => {
          const data = new DataTransfer()
          data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }))
          const more = { bubbles: true, cancelable: true }
          field.dispatchEvent(
            kind === 'paste'
              ? new ClipboardEvent('paste', { ...more, clipboardData: data })
              : new DragEvent('drop', { ...more, dataTransfer: data }),
          )
        },
        { kind, name, bytes: [...png] },
      )
    await give('paste', 'pasted.png')
    await page.getByAltText('pasted.png').waitFor()
    await give('drop', 'dropped.png')
    await page.getByAltText('dropped.png').waitFor()
    await page.getByRole('button', { name: 'Remove pasted.png' }).click()
    await focusIs(page, 'Message')
    await ask(page, 'What is this?')
    await page.locator('.markdown').getByText('It came with 2 image(s).').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a wrong setting is said beside its field before anything is sent; failures in plain words with the API’s own', async () => {
    const { page, faults, close } = await open()
    const settings = page.getByRole('complementary', { name: 'Settings' })
    await settings.getByLabel(/^Tools/).fill('[{')
    await settings.getByLabel('Max output tokens').fill('0')
    await ask(page, 'Hello')
    await settings.getByText('This is not valid JSON.').waitFor()
    await settings.getByText('A whole number from 1 to 64,000.').waitFor()
    expect(await message(page).inputValue()).toBe('Hello')
    await settings.getByLabel(/^Tools/).fill('')
    await settings.getByLabel('Max output tokens').fill('100')
    await ask(page, 'Too long [[sim:fault=too-long]]')
    const alert = page.getByRole('alert').filter({ hasText: 'The conversation is longer than the model can read.' })
    await alert
      .getByText(/In the server’s words|prompt is too long/i)
      .first()
      .waitFor()
    await alert
      .getByText(/Reference req_|req_/)
      .first()
      .waitFor()
    await alert.getByRole('button', { name: 'Retry' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('a failure of the gateway’s is said in the language of the page, and figures without tokens have no source', async () => {
    const { page, faults, close } = await open({ ...wide, locale: 'zh-CN' })
    const area = page.locator('form textarea').last()
    const alert = page.getByRole('alert')
    await area.fill('[[sim:fault=cut-in-frame]]')
    await page.keyboard.press('Enter')
    await alert.getByText('回答中途断开。', { exact: true }).waitFor()
    await page.getByRole('link', { name: '日志详情' }).waitFor()
    expect(await alert.textContent()).not.toContain('原始信息')
    await page.getByRole('button', { name: '新对话' }).first().click()
    // What the provider said stays, as such.
    await area.fill('[[sim:fault=too-long]]')
    await page.keyboard.press('Enter')
    await alert.getByText('对话超出了模型的上下文长度。', { exact: true }).waitFor()
    await alert.getByText(/^原始信息：“prompt is too long/).waitFor()
    await page.getByRole('link', { name: '日志详情' }).waitFor()
    expect(await page.locator('main ol').textContent()).not.toContain('估算')
    expect(faults).toEqual([])
    await close()
  })

  test('the chat as code, in three languages; the key of the page is in none', async () => {
    const { page, faults, close } = await open()
    await ask(page, 'Hi there')
    await ended(page)
    await page.getByRole('button', { name: 'View as code' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('curl -sS -N').first().waitFor()
    for (const [tab, words] of [
      ['Python', 'from anthropic import Anthropic'],
      ['TypeScript', '@anthropic-ai/sdk'],
    ] as const) {
      await dialog.getByRole('tab', { name: tab }).click()
      const code = (await dialog.getByRole('tabpanel').textContent()) ?? ''
      expect(code).toContain(words)
      expect(code).toContain('YOUR_API_KEY')
      expect(code).toContain('Hi there')
    }
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('a viewer may look, not ask', async () => {
    await gateway.admin('POST', '/v2/operators', { name: 'vera', role: 'viewer', password: 'the password of vera' })
    const { page, close } = await openPage(wide)
    await page.goto(`${gateway.url}/login?next=/playground`)
    await page.locator('[autocomplete=username]').fill('vera')
    await page.locator('[autocomplete=current-password]').fill('the password of vera')
    await page.keyboard.press('Enter')
    await page.getByText('Your role can read chats here, but not send messages.').waitFor()
    expect(await page.getByRole('button', { name: 'Send' }).count()).toBe(0)
    await close()
  })

  test('a chat that is not here says so', async () => {
    const { page, close } = await open()
    await page.goto(`${gateway.url}/playground/of-another-browser`)
    await page.getByText('This chat is not in this browser.').waitFor()
    await page.getByRole('main').getByRole('button', { name: 'New chat' }).last().click()
    await page.getByText('Send a message to see the answer').waitFor()
    await close()
  })

  test.each([
    ['en-US', 'light', 1440],
    ['zh-CN', 'dark', 1440],
    ['zh-CN', 'light', 360],
    ['en-US', 'dark', 360],
  ] as const)(
    'with a chat in %s, %s, %p px wide: axe finds nothing, nothing scrolls sideways (49, 51, U14)',
    async (locale, colorScheme, width) => {
      const { page, faults, close } = await open({
        locale,
        colorScheme,
        viewport: { width, height: 740 },
        hasTouch: width < 700,
      })
      const area = page.locator('form textarea').last()
      const text =
        '# One\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```ts\nconst aVeryLongLineOfCodeThatIsWiderThanAnyPhone = "x".repeat(1_000_000) // and on\n```'
      await area.fill(`Hi [[sim:text=${text}]] [[sim:think=Hm.]]`)
      await page.keyboard.press('Enter')
      await page.locator('.markdown figure').waitFor()
      await page.locator('a[href^="/logs/"]').waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      if (width < 700) {
        expect(await smallTargets(page)).toEqual([])
        for (const index of [0, 1]) {
          await page.locator('main h1').locator('xpath=../..').getByRole('button').nth(index).click()
          await page.getByRole('dialog').waitFor()
          expect(await accessibilityFaults(page)).toEqual([])
          await page.keyboard.press('Escape')
          await page.getByRole('dialog').waitFor({ state: 'detached' })
        }
      }
      expect(faults).toEqual([])
      await close()
    },
  )
}
