import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sbomText } from '../../server/release/sbom.ts'
import { readStamp } from '../../server/release/stamp.ts'
import { licencesText, thirdParty } from '../../server/release/third-party.ts'
import { bomFaults, sbomFaults } from './verify/sbom.ts'

const root = path.join(import.meta.dir, '../..')
const stamp = { version: '1.2.3', commit: '0123456789ab', committedAt: Date.UTC(2026, 10, 28) }
const stamped = { version: '1.2.3', commit: '0123456789ab', date: '2026-11-28T00:00:00.000Z' }
const inputs = [
  'server/main.ts',
  'node_modules/elysia/dist/index.mjs',
  'node_modules/drizzle-orm/index.js',
  'node_modules/prom-client/x',
]
const packages = await thirdParty(root, inputs, ['node_modules/solid-js'])
const list = sbomText(stamp, packages)
const licences = licencesText(packages)

test('what is inside is listed by CycloneDX’s own schema and with its licences, the runtime’s and inlined parts among them', async () => {
  expect(await sbomFaults(list, stamped, licences)).toEqual([])
  const names = packages.map(({ name }) => name)
  for (const name of ['bun', 'elysia', 'pdfjs-dist', 'solid-js', 'tailwindcss']) expect(names).toContain(name)
  // Not a file of it is in the executable.
  expect(names).not.toContain('yaml')
  expect(licences).toContain('JavaScriptCore')
  expect(licences).not.toContain('holds no text of it')
})

test('the same packages at the same commit are the same list, others have another number', () => {
  expect(sbomText(stamp, packages)).toBe(list)
  const number = (text: string): string => /urn:uuid:[0-9a-f-]{36}/.exec(text)?.[0] ?? ''
  expect(number(list)).not.toBe('')
  expect(number(sbomText(stamp, packages.slice(1)))).not.toBe(number(list))
})

test.each([
  ['another version', list.replace('"version": "1.2.3"', '"version": "9.9.9"'), licences, 'it is of version 9.9.9'],
  ['another day', list.replace('2026-11-28T', '2026-11-27T'), licences, 'it is of 2026-11-27T'],
  ['a package without a licence text', list, licences.replace('\nelysia ', '\nother '), 'name different packages'],
] as const)('a list is refused: %s', (_, text, told, reason) => {
  expect(bomFaults(text, stamped, told).join('; ')).toContain(reason)
})

test('a list that CycloneDX’s schema does not know is refused', async () => {
  const strange = list.replace('"type": "library"', '"type": "book"')
  expect((await sbomFaults(strange, stamped, licences)).join()).toContain('not CycloneDX')
  expect((await sbomFaults(list.slice(0, -10), stamped, licences)).join()).toContain('not CycloneDX')
})

test('a package that names no licence stops the build', async () => {
  await expect(thirdParty(path.join(root, 'test/fixtures'), [], [])).rejects.toThrow()
})

test('the stamp is the commit and its date; outside a clone the date is the one given, or the first a zip knows', async () => {
  const here = await readStamp(root, undefined, {})
  expect(here.commit).toMatch(/^[0-9a-f]{12}(-dirty)?$/)
  expect(here.committedAt).toBeGreaterThan(Date.UTC(2026, 0, 1))
  expect((await readStamp(root, '9.0.0', { SOURCE_DATE_EPOCH: '1700000000' })).committedAt).toBe(1_700_000_000_000)
  const outside = mkdtempSync(path.join(tmpdir(), 'no-clone-'))
  await Bun.write(path.join(outside, 'package.json'), '{"version":"3.2.1"}')
  expect(await readStamp(outside, undefined, {})).toEqual({
    ...{ version: '3.2.1', commit: 'unknown' },
    committedAt: Date.UTC(1980, 0, 1),
  })
  rmSync(outside, { recursive: true })
})
