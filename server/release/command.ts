import { err, ok, type Result } from '../lib/result.ts'
import { nameOf, parseTarget, type Target, targets } from './targets.ts'

/** What `bun run build` is asked for. `executable` is this platform's, in dist/<os>-<arch>, where tests and smoke look for it. */
export type BuildCommand = {
  readonly verb: 'executable' | 'server' | 'desktop' | 'all' | 'clean' | 'help'
  readonly target?: Target
  readonly version?: string
  readonly noCache: boolean
  readonly verbose: boolean
}

export const usage = `Usage: bun run build [server | desktop | all | clean] [options]

  (nothing)   the executable of this machine, or of -p, in dist/<os>-<arch>
  server      the archives in dist/server, of all platforms or of -p, with SHA256SUMS and the list of what is in them
  desktop     the applications in dist/desktop, for macOS and Windows or for -p
  all         server and desktop
  clean       removes everything built, and the cache

Options:
  -v, --version VERSION     the version to stamp (BUILD_VERSION, else that of package.json)
  -p, --platform OS/ARCH    ${targets.map((target) => nameOf(target).replace('-', '/')).join(', ')}
      --no-cache            build the console and fetch the runtimes anew
      --verbose             tell each command that is run, each step and each file written
  -h, --help                print this text
      --ui                  the console alone, for a start from source
      --start …             the console, then the server from source; what follows is the server's
`

const verbs = ['server', 'desktop', 'all', 'clean'] as const

/** A version may be in file names and headers: digits, letters, dots, dashes. */
const versionShape = /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/

export function parseBuild(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<BuildCommand, string> {
  let verb: BuildCommand['verb'] | undefined
  let [version, platform]: (string | undefined)[] = [env.BUILD_VERSION || undefined, undefined]
  let [noCache, verbose] = [false, false]
  for (let at = 0; at < argv.length; at++) {
    const [word = '', ...rest] = (argv[at] ?? '').split('=')
    const isOption = word.startsWith('-')
    const value = (): string | undefined => (rest.length > 0 ? rest.join('=') : argv[++at])
    if (word === '-v' || word === '--version') version = value() ?? ''
    else if (word === '-p' || word === '--platform') platform = value() ?? ''
    else if (rest.length > 0) return err(`unknown argument ${argv[at]}`)
    else if (word === '--no-cache') noCache = true
    else if (word === '--verbose') verbose = true
    else if (word === '-h' || word === '--help') return ok({ verb: 'help', noCache, verbose })
    else if (isOption || !verbs.some((one) => one === word)) return err(`unknown argument ${word}`)
    else if (verb !== undefined) return err(`one of ${verb} and ${word}, not both`)
    else verb = verbs.find((one) => one === word)
  }
  const bare = version?.replace(/^v(?=\d)/, '')
  if (bare !== undefined && !versionShape.test(bare)) return err(`-v wants a version like 1.2.3, not "${version}"`)
  const target = platform === undefined ? undefined : parseTarget(platform)
  if (platform !== undefined && target === undefined) return err(`-p names no platform we build for: "${platform}"`)
  if (target !== undefined && (verb === 'all' || verb === 'clean')) return err(`-p does not go with ${verb}`)
  if (verb === 'desktop' && target !== undefined && !hasDesktop(target)) {
    return err(`there is no desktop application for ${nameOf(target)}`)
  }
  return ok({
    verb: verb ?? 'executable',
    noCache,
    verbose,
    ...(target === undefined ? {} : { target }),
    ...(bare === undefined ? {} : { version: bare }),
  })
}

/** Both processors of a Mac share one application; that of Windows is for amd64, which Windows on arm64 runs too. */
const hasDesktop = ({ os, arch }: Target): boolean => os === 'darwin' || (os === 'windows' && arch === 'amd64')
