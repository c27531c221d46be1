import { version as packageVersion } from '../../package.json'

declare const BUILD_VERSION: string | undefined
declare const BUILD_COMMIT: string | undefined
declare const BUILD_DATE: string | undefined
declare const BUILD_DESKTOP: boolean | undefined

/** The one name it goes by, everywhere. */
export const productName = 'claude-server'

/** What this program is: stamped into an executable; from source only the version is known. */
export type Build = {
  readonly version: string
  readonly commit: string | null
  /** When that was committed, ISO 8601. */
  readonly date: string | null
}

export const build: Build = {
  version: typeof BUILD_VERSION === 'string' ? BUILD_VERSION : packageVersion,
  commit: typeof BUILD_COMMIT === 'string' && BUILD_COMMIT !== 'unknown' ? BUILD_COMMIT : null,
  date: typeof BUILD_DATE === 'string' && BUILD_COMMIT !== 'unknown' ? BUILD_DATE : null,
}

/** The executable is the desktop application: without arguments it opens a window. */
export const isDesktopBuild = typeof BUILD_DESKTOP === 'boolean' && BUILD_DESKTOP
