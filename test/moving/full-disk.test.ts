import { afterAll, expect, test } from 'bun:test'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gatewayCommand } from '../support/command.ts'
import { factsOf, fixtureDatabase } from './fixture.ts'
import { newFolder, removeFolder, serveOn } from './serving.ts'

const root = newFolder()
afterAll(() => removeFolder(root))

/** A start that may write no file larger than this, which is what a full disk is like. The signal that goes with it is ignored. */
async function startWithin(kib: number, dataDir: string): Promise<{ readonly code: number; readonly said: string }> {
  const command = [...gatewayCommand(), '--port', '0', '--no-browser', '--data-dir', dataDir]
  const child = Bun.spawn(['bash', '-c', `trap '' XFSZ; ulimit -f ${kib}; exec "$@"`, 'bash', ...command], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = await new Response(child.stderr).text()
  return { code: await child.exited, said }
}

test.skipIf(process.platform === 'win32')(
  'a disk that is full ends the first import with a sentence and leaves nothing behind; the next start completes it',
  async () => {
    const dataDir = path.join(root, 'data')
    cpSync(fixtureDatabase, path.join(dataDir, 'data.sqlite3'))
    const original = readFileSync(fixtureDatabase)
    for (const kib of [8, 60, 200]) {
      const { code, said } = await startWithin(kib, dataDir)
      expect([kib, code]).toEqual([kib, 1])
      expect(said).toMatch(/^claude-server: .*(the disk is full|reports an error|cannot be written).*\n$/s)
      expect(said).not.toMatch(/^\s+at /m)
      const left = readdirSync(dataDir).filter((name) => !['data.sqlite3', 'server.lock', 'master.key'].includes(name))
      expect(left).toEqual([])
      expect(readFileSync(path.join(dataDir, 'data.sqlite3')).equals(original)).toBe(true)
    }
    const serving = await serveOn(dataDir, factsOf('original'))
    try {
      expect((await serving.ask('/v2/import/report')).report.tables).toHaveLength(9)
    } finally {
      await serving.stop()
    }
  },
  120_000,
)
