import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { faultReason } from '../../server/backup/fault-reason.ts'

const folder = path.join(import.meta.dir, '../../server/backup')
const texts = [...readdirSync(folder), '../moving/backup-source.ts']
  .filter((file) => file !== 'fault-reason.ts')
  .flatMap((file) => [...readFileSync(path.join(folder, file), 'utf8').matchAll(/'([^'\n]{8,})'|`([^`\n]{8,})`/g)])
  .map(([, plain, built]) => plain ?? built ?? '')

test.each([
  ['restore-decided', 1],
  ['backup-newer', 2],
  ['backup-masked', 3],
  ['backup-original', 1],
  ['backup-foreign', 3],
  ['backup-other', 3],
  ['backup-hollow', 1],
  ['backup-empty', 2],
  ['backup-damaged', 8],
] as const)('%s is told from what the readers of backups say', (reason, least) => {
  expect(texts.filter((text) => faultReason(text) === reason).length).toBeGreaterThanOrEqual(least)
})

test('what only its sentence says has no reason', () => {
  expect(faultReason('users row 3: name must be a text')).toBeUndefined()
  expect(faultReason('The passphrase needs at least 12 characters.')).toBe('passphrase-short')
})
