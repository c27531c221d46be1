import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLogFile } from '../../server/desktop/log-file.ts'

test('the log of the desktop application is kept in a file for its owner, and never in more than two of 4 MiB', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'desktop-log-'))
  const write = createLogFile(folder)
  write('first\n')
  expect(readFileSync(path.join(folder, 'desktop.log'), 'utf8')).toBe('first\n')
  expect(statSync(path.join(folder, 'desktop.log')).mode & 0o077).toBe(0)
  const mebibyte = 'x'.repeat(1024 * 1024)
  for (let count = 0; count < 14; count++) write(mebibyte)
  expect(readdirSync(folder).toSorted()).toEqual(['desktop.log', 'desktop.log.1'])
  expect(statSync(path.join(folder, 'desktop.log.1')).size).toBeLessThan(6 * 1024 * 1024)
  rmSync(folder, { recursive: true })
})

test('a folder that cannot be written stops nothing', () => {
  expect(() => createLogFile('/dev/null/nowhere')('a line\n')).not.toThrow()
})
