import { afterAll, afterEach, beforeAll, setDefaultTimeout } from 'bun:test'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { browserPath, openPage, startBrowser, tellLeftOpen, type WatchedPage } from './browser.ts'
import { signedIn, signIn } from './console.ts'
import { adminPassword, type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { leftOut } from './left-out.ts'

/** What tests of the console stand on. */
export type ConsoleStand = {
  /** There from the first test on. */
  readonly gateway: Gateway
  readonly openPage: (options?: BrowserContextOptions) => Promise<WatchedPage>
  /** The page at `path`, signed in and with its heading; in English unless the options say otherwise. */
  readonly open: (path: string, options?: BrowserContextOptions) => Promise<WatchedPage>
}

/** Runs `tests` with a gateway and a browser before them; where there is no browser, says that they are left out. */
export function consoleTests(tests: (stand: ConsoleStand) => void, options: GatewayOptions = {}): void {
  if (browserPath === undefined) {
    leftOut('Chromium')
    return
  }
  // Two shared cores may be slow, and a test that runs out of time takes the browser with it.
  setDefaultTimeout(180_000)
  let browser: Browser | undefined
  // Filled when it has started: tests are told of it before.
  const gateway = {} as Gateway
  beforeAll(async () => {
    Object.assign(gateway, await startGateway(options))
    browser = await startBrowser()
  })
  afterEach(tellLeftOpen)
  afterAll(async () => {
    await browser?.close()
    await gateway.stop()
  })
  const opened: ConsoleStand['openPage'] = (pageOptions) => {
    if (browser === undefined) throw new Error('the browser starts with the first test')
    return openPage(browser, pageOptions)
  }
  const open: ConsoleStand['open'] = async (path, pageOptions = { locale: 'en-US' }) => {
    const watched = await opened(pageOptions)
    await signIn(watched.page, `${gateway.url}/login?next=${encodeURIComponent(path)}`, adminPassword)
    await signedIn(watched.page)
    // The address changes first: until then the heading is that of the sign-in.
    await watched.page.locator('[autocomplete=current-password]').waitFor({ state: 'detached' })
    await watched.page.getByRole('heading', { level: 1 }).first().waitFor()
    return watched
  }
  tests({ gateway, openPage: opened, open })
}
