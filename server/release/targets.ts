/** A platform an executable is made for, in the words of the archives' names. */
export type Target = {
  readonly os: 'linux' | 'darwin' | 'windows'
  readonly arch: 'amd64' | 'arm64'
  /** For Alpine and its like. */
  readonly libc?: 'musl'
}

/** Bun's runtime for a platform: a package of the npm registry, and the one file of it we use. */
export type Runtime = {
  readonly package: string
  readonly file: string
  /** Of the file at `bunVersion`. A registry may answer what it likes: nothing else is built with. */
  readonly sha256: string
}

export const bunVersion = '1.4.5'

type Row = { readonly target: Target; readonly runtime: Runtime }

const row = (target: Target, name: string, sha256: string): Row => ({
  target,
  runtime: {
    package: `@oven/bun-${name}`,
    file: target.os === 'windows' ? 'bin/bun.exe' : 'bin/bun',
    sha256,
  },
})

// The runtimes for old x64 processors (`…-baseline`) are the same bytes at this version: one build serves all (docs/releases.md).
const rows: readonly Row[] = [
  row({ os: 'linux', arch: 'amd64' }, 'linux-x64', 'f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083'),
  row(
    { os: 'linux', arch: 'arm64' },
    'linux-aarch64',
    '04778f1f42399a69d086853e9c7af4acf574b2f21a43d0dc673853d8b84a2923',
  ),
  row(
    { os: 'linux', arch: 'amd64', libc: 'musl' },
    'linux-x64-musl',
    'cf5d285ddbe256785a5121a3c113191a6b577504976374c7cfd5aedca609b720',
  ),
  row(
    { os: 'linux', arch: 'arm64', libc: 'musl' },
    'linux-aarch64-musl',
    '9c48986093073afec8b76a3e285303598dd2462f52748aecb65e4d94866e1ea3',
  ),
  row(
    { os: 'darwin', arch: 'amd64' },
    'darwin-x64',
    '88f97645b270aef20f9f9442f1658461cab3e7128e658af4615144e3396f084a',
  ),
  row(
    { os: 'darwin', arch: 'arm64' },
    'darwin-aarch64',
    'e2984124f1514e1e6bbda20adedbf07a02c443c6a5828853a15c7c7abf78e19f',
  ),
  row(
    { os: 'windows', arch: 'amd64' },
    'windows-x64',
    'e06ad0864463c68892ae71a2a64af7eae1585cac5dd9b80bc042f45605587cb1',
  ),
  row(
    { os: 'windows', arch: 'arm64' },
    'windows-aarch64',
    '8bd7f9210f9d58cc21f398d1478e53b2ff919a0c8fc935b5086f3f64667cec6d',
  ),
]

export const targets: readonly Target[] = rows.map(({ target }) => target)

const isSame = (a: Target, b: Target): boolean => a.os === b.os && a.arch === b.arch && a.libc === b.libc

export function runtimeOf(target: Target): Runtime {
  const found = rows.find((one) => isSame(one.target, target))
  if (found === undefined) throw new Error(`no runtime for ${nameOf(target)}`)
  return found.runtime
}

/** `linux-amd64`, `linux-arm64-musl`: as in the archives' names. */
export const nameOf = ({ os, arch, libc }: Target): string => [os, arch, libc].filter(Boolean).join('-')

/** `linux-x64-musl`: as Bun calls it, and the folder below `dist`. */
export const bunNameOf = ({ os, arch, libc }: Target): string =>
  [os, arch === 'amd64' ? 'x64' : arch, libc].filter(Boolean).join('-')

/** `linux/amd64`, `linux/x64-musl`, `macos/arm64`; undefined for what there is no build of. */
export function parseTarget(text: string): Target | undefined {
  const [, os = '', arch = '', libc] = /^(\w+)\/(\w+?)(?:-(musl))?$/.exec(text.toLowerCase()) ?? []
  const system = { macos: 'darwin', win32: 'windows' }[os] ?? os
  const processor = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64' }[arch] ?? arch
  return targets.find((one) => one.os === system && one.arch === processor && one.libc === libc)
}

export function thisMachine(platform: NodeJS.Platform, arch: string): Target {
  const found = parseTarget(`${platform}/${arch}`)
  if (found === undefined) throw new Error(`no executable can be built for ${platform}/${arch}`)
  return found
}
