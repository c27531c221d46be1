import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Control, newControlToken, readControl, removeControl, writeControl } from '../../server/store/control.ts'
import { acquireLock } from '../../server/store/lock.ts'
import { createFolders } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

async function startChild(folder: string) {
  const child = Bun.spawn([process.execPath, path.join(import.meta.dir, 'lock-child.ts'), folder], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const { value } = await child.stdout.getReader().read()
  return { child, said: new TextDecoder().decode(value).trim() }
}
const kind = (folder: string): string => {
  const lock = acquireLock(folder)
  if (!lock.ok) return lock.error.kind
  lock.value.release()
  return 'free'
}

describe('the lock of a data folder', () => {
  test('has one holder; the folder is made when there is none', () => {
    const folder = path.join(folders.next(), 'new')
    const first = acquireLock(folder)
    const second = acquireLock(folder)
    expect(!second.ok && second.error).toEqual({
      kind: 'held',
      message: `Another claude-server is running on the data folder ${folder}.`,
    })
    if (first.ok) first.value.release()
    expect(kind(folder)).toBe('free')
    expect(readdirSync(folder)).toEqual(['server.lock'])
  })
  test('is seen between processes, both ways, and ends with SIGKILL', async () => {
    const folder = folders.next()
    const { child, said } = await startChild(folder)
    expect(said).toBe('mine')
    expect(kind(folder)).toBe('held')
    const second = await startChild(folder)
    expect(second.said).toBe('held')
    second.child.kill('SIGKILL')
    await second.child.exited
    expect(kind(folder)).toBe('held')
    child.kill('SIGKILL')
    await child.exited
    expect(kind(folder)).toBe('free')
  })
  test('ends with a clean exit', async () => {
    const folder = folders.next()
    const { child } = await startChild(folder)
    expect(kind(folder)).toBe('held')
    child.stdin.end()
    expect(await child.exited).toBe(0)
    expect(kind(folder)).toBe('free')
  })
  test('of another folder does not matter', () => {
    const lock = acquireLock(folders.next())
    expect(kind(folders.next())).toBe('free')
    if (lock.ok) lock.value.release()
  })
  test('cannot be taken where nothing can be written', () => {
    const file = path.join(folders.next(), 'file')
    writeFileSync(file, '')
    expect(kind(file)).toBe('unwritable')
    expect(kind(path.join(file, 'deeper'))).toBe('unwritable')
  })
})

describe('the control file', () => {
  const control: Control = { pid: 7, host: '127.0.0.1', port: 62311, token: newControlToken(), startedAt: 5 }
  test('comes back as it was written, for its owner alone', () => {
    const folder = folders.next()
    writeControl(folder, control)
    expect(readControl(folder)).toEqual(control)
    expect(readdirSync(folder)).toEqual(['control.json'])
    if (process.platform !== 'win32') expect(statSync(path.join(folder, 'control.json')).mode & 0o777).toBe(0o600)
  })
  test('of a later start replaces it and is not removed by the earlier one', () => {
    const folder = folders.next()
    writeControl(folder, control)
    const later = { ...control, token: newControlToken() }
    writeControl(folder, later)
    removeControl(folder, control.token)
    expect(readControl(folder)).toEqual(later)
    removeControl(folder, later.token)
    expect(readdirSync(folder)).toEqual([])
  })
  test('that is missing, broken or incomplete counts as none', () => {
    const folder = folders.next()
    expect(readControl(folder)).toBeUndefined()
    for (const text of ['', '{', '[]', 'null', JSON.stringify({ ...control, port: 'x' }), '{"pid":1}']) {
      writeFileSync(path.join(folder, 'control.json'), text)
      expect(readControl(folder)).toBeUndefined()
    }
  })
  test('tokens differ and are long', () => {
    expect(newControlToken()).not.toBe(newControlToken())
    expect(newControlToken()).toHaveLength(43)
  })
})
