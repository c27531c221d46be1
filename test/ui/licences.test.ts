import { expect, test } from 'bun:test'
import path from 'node:path'
import { dependencies } from '../../package.json'
import { collectLicences } from '../../ui/licences.ts'

const root = path.join(import.meta.dir, '../..')

test('every package we ship is listed with its version and licence, those that these need among them', async () => {
  const listed = await collectLicences(root)
  const names = listed.map(({ name }) => name)
  for (const name of Object.keys(dependencies)) expect(names).toContain(name)
  expect(listed.length).toBeGreaterThan(Object.keys(dependencies).length)
  expect(listed.filter(({ licence, version }) => licence === '' || version === '')).toEqual([])
  expect(new Set(listed.map(({ name, version }) => `${name} ${version}`)).size).toBe(listed.length)
  expect(listed.filter(({ text }) => text.length > 200).length).toBeGreaterThan(listed.length * 0.8)
})
