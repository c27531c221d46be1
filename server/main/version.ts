import { version as packageVersion } from '../../package.json'

declare const BUILD_VERSION: string | undefined

/** The build's own version in the executable, the package's from source. */
export const version: string = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : packageVersion
