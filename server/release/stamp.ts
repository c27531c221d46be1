/** What an executable says about itself. */
export type Stamp = {
  readonly version: string
  /** Twelve hex digits, `-dirty` behind it when the tree had changes; outside a clone BUILD_COMMIT, else `unknown`. */
  readonly commit: string
  /** When the source was committed (SOURCE_DATE_EPOCH, where set); every date in an archive is this one. Epoch ms. */
  readonly committedAt: number
}

/** The first day a zip file can name: for a source archive without a clone and without SOURCE_DATE_EPOCH. */
const firstDay = Date.UTC(1980, 0, 1)

export async function readStamp(
  root: string,
  version: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Stamp> {
  const file = (await Bun.file(`${root}/package.json`).json()) as { readonly version: string }
  const [commit = '', seconds = ''] = (await git(root, ['log', '-1', '--abbrev=12', '--format=%h %ct'])).split(' ')
  const isDirty = commit !== '' && (await git(root, ['status', '--porcelain', '--untracked-files=no'])) !== ''
  const epoch = Number(env.SOURCE_DATE_EPOCH || seconds) * 1_000
  return {
    version: version ?? file.version,
    commit: commit === '' ? givenCommit(env) : `${commit}${isDirty ? '-dirty' : ''}`,
    committedAt: Number.isFinite(epoch) && epoch > firstDay ? epoch : firstDay,
  }
}

/** Where the source came without its history, as into the build of a container image. */
const givenCommit = ({ BUILD_COMMIT }: Readonly<Record<string, string | undefined>>): string =>
  /^[0-9a-f]{7,40}$/.test(BUILD_COMMIT ?? '') ? (BUILD_COMMIT ?? '').slice(0, 12) : 'unknown'

async function git(root: string, args: readonly string[]): Promise<string> {
  try {
    const child = Bun.spawn(['git', ...args], { cwd: root, stdout: 'pipe', stderr: 'ignore' })
    const text = (await new Response(child.stdout).text()).trim()
    return (await child.exited) === 0 ? text : ''
  } catch {
    return '' // no git on this machine, as in a container
  }
}
