import { expect, test } from 'bun:test'
import { NtExecutable } from 'resedit'
import { checkSignature, signAdHoc } from '../../server/release/code-signature.ts'
import { drawIcons } from '../../server/release/icons.ts'
import { macApp } from '../../server/release/mac-app.ts'
import { imagesOf, parseImage, universal } from '../../server/release/macho.ts'
import { withResources } from '../../server/release/windows-resources.ts'
import { elfSample, machoSample } from './samples.ts'
import { linuxFaults, macAppFaults, macFaults, stampFaults, windowsFaults } from './verify/checks.ts'
import { parseElf } from './verify/elf.ts'
import { parsePe } from './verify/pe.ts'

const root = `${import.meta.dir}/../..`
const stamped = { version: '1.2.3', commit: '0123456789ab', date: '2026-11-28T12:13:14.000Z' }
const linux = { os: 'linux', arch: 'amd64' } as const
const musl = { ...linux, libc: 'musl' } as const

test.each([
  ['a sound one', {}, linux, []],
  ['for another processor', { machine: 183 }, linux, ['for arm64']],
  ['for a system that is too new', { version: 'GLIBC_2.38' }, linux, ['it needs glibc 2.38']],
  ['for the oldest system', { version: 'GLIBC_2.31' }, linux, []],
  ['with a library nobody promised', { library: 'libssl.so.3' }, linux, ['it needs libssl.so.3']],
  [
    'for Alpine where glibc is',
    { interpreter: '/lib/ld-musl-x86_64.so.1' },
    linux,
    ['its loader is /lib/ld-musl-x86_64.so.1'],
  ],
  ['for glibc where Alpine is', { library: 'libstdc++.so.6' }, musl, ['its loader is /lib64/ld-linux-x86-64.so.2']],
  ['for Alpine', { interpreter: '/lib/ld-musl-x86_64.so.1', library: 'libc.musl-x86_64.so.1' }, musl, []],
] as const)('a Linux executable: %s', (_, sample, target, faults) => {
  expect(linuxFaults(elfSample(sample), target)).toEqual([...faults])
})

test('a Linux executable that is cut short, or none, is refused and nothing is thrown', () => {
  const whole = elfSample()
  for (let length = 0; length < whole.length; length += 5) expect(parseElf(whole.slice(0, length)).ok).toBe(false)
  expect(parseElf(Buffer.from('#!/bin/sh\nexit 0\n'.repeat(20))).ok).toBe(false)
})

test('a signed image for a Mac is sound, and no byte under the seal can change unseen', () => {
  const signed = signAdHoc(machoSample('amd64'), 'sample')
  expect(macFaults(signed, 'amd64')).toEqual([])
  const checked = checkSignature(signed)
  expect(checked).toEqual({ ok: true, value: { identifier: 'sample', isAdHoc: true, pages: 4 } })
  const limit = 3 * 4096 + 100
  for (let at = 0; at < limit; at += 11) {
    const broken = Uint8Array.from(signed)
    broken[at] = (broken[at] ?? 0) ^ 1
    expect(checkSignature(broken).ok).toBe(false)
  }
})

test('an image whose signature was made for less of it is not sound: what Bun leaves on images for amd64', () => {
  const signed = signAdHoc(machoSample('amd64'), 'sample')
  const parsed = parseImage(signed)
  const offset = parsed.ok ? (parsed.value.signature?.offset ?? 0) : 0
  const shorter = Buffer.from(signed)
  // The code directory's own count of what it seals.
  shorter.writeUInt32BE(offset - 4096, offset + 12 + 3 * 8 + 32)
  expect(macFaults(shorter, 'amd64')).toEqual([`it seals ${offset - 4096} bytes of ${offset}`])
  expect(macFaults(machoSample('arm64'), 'arm64')).toEqual(['what LC_CODE_SIGNATURE points at is no signature'])
  expect(macFaults(signed, 'arm64')).toEqual(['for amd64'])
  for (let length = 0; length < signed.length; length += 97) {
    expect(checkSignature(signed.slice(0, length)).ok).toBe(false)
  }
})

test('an image is signed anew however often, to the same bytes', () => {
  const once = signAdHoc(machoSample('arm64'), 'sample')
  expect(Buffer.compare(signAdHoc(once, 'sample'), once)).toBe(0)
})

test('images of both processors stand in one file, each on a border of 16 KiB', () => {
  const images = [machoSample('arm64'), machoSample('amd64')]
  const both = universal(images)
  const found = imagesOf(both)
  expect(
    found.ok && found.value.map((image) => Buffer.compare(image, images[found.value.indexOf(image)] ?? image)),
  ).toEqual([0, 0])
  expect(found.ok && found.value.every((image) => (image.byteOffset - both.byteOffset) % 0x4000 === 0)).toBe(true)
  expect(imagesOf(both.slice(0, both.length - 1)).ok).toBe(false)
})

test('an application for Macs is sound, and a change of any of its files is seen', async () => {
  const { icns } = await drawIcons(root)
  const resources = [{ name: 'LICENSE', bytes: Buffer.from('a licence') }]
  const images = [machoSample('arm64'), machoSample('amd64')]
  const files = macApp({ version: '1.2.3', images, icns, resources }).map((file) => ({
    ...{ name: file.name, bytes: file.bytes, modifiedAt: 0 },
    mode: file.executable === true ? 0o755 : 0o644,
  }))
  expect(macAppFaults(files, stamped)).toEqual([])
  expect(macAppFaults(files, { ...stamped, version: '1.2.4' })).toEqual(['its version is 1.2.3'])
  const changed = (ending: string): readonly string[] =>
    macAppFaults(
      files.map((file) => {
        if (!file.name.endsWith(ending)) return file
        const bytes = Uint8Array.from(file.bytes)
        const last = bytes.length - 2
        bytes[last] = (bytes[last] ?? 0) ^ 1
        return { ...file, bytes }
      }),
      stamped,
    )
  expect(changed('Info.plist')).toContain('Info.plist is not the one that was signed')
  expect(changed('CodeResources')).toContain('CodeResources is not the one that was signed')
  expect(changed('LICENSE')).toEqual(['Resources/LICENSE is not the one that was sealed'])
  expect(changed('AppIcon.icns')).toEqual(['Resources/AppIcon.icns is not the one that was sealed'])
  expect(
    macAppFaults(
      files.filter(({ name }) => !name.endsWith('LICENSE')),
      stamped,
    ),
  ).toEqual(['Resources/LICENSE was sealed and is not there'])
  const [image] = images
  if (image === undefined) throw new Error('no image')
  const one = macApp({ version: '1.2.3', images: [image], icns, resources }).map((file) => ({
    ...file,
    mode: 0,
    modifiedAt: 0,
  }))
  expect(macAppFaults(one, stamped)).toEqual(['for arm64'])
})

test('an executable for Windows has our icon and version, and is told from one that has not', async () => {
  const { ico } = await drawIcons(root)
  const bare = new Uint8Array(NtExecutable.createEmpty(false, false).generate())
  const wanted = { product: 'claude-server', subsystem: 'console', version: '1.2.3-rc.1' }
  const text = { product: 'claude-server', description: 'sample', version: '1.2.3-rc.1', fileName: 'claude-server.exe' }
  const edited = withResources(bare, ico, text)
  const parsed = parsePe(edited)
  const pe = parsed.ok ? parsed.value : undefined
  expect(pe?.iconSizes).toEqual([16, 24, 32, 48, 64, 128, 256])
  expect(Object.fromEntries(pe?.strings ?? [])).toMatchObject({
    ProductVersion: '1.2.3-rc.1',
    FileDescription: 'sample',
  })
  expect(windowsFaults(edited, pe?.arch ?? 'amd64', { ...wanted, subsystem: pe?.subsystem ?? '' })).toEqual([])
  expect(windowsFaults(edited, 'arm64', { product: 'other', subsystem: 'none', version: '9' })).toHaveLength(4)
  expect(windowsFaults(bare, 'amd64', wanted).length).toBeGreaterThan(0)
  for (let length = 0; length < edited.length - 512; length += 211)
    expect(parsePe(edited.slice(0, length)).ok).toBe(false)
})

test('a program says which version, commit and date it is', () => {
  const text = (date: string) => Buffer.from(`x="1.2.3",y="0123456789ab",z="${date}"`)
  expect(stampFaults(text(stamped.date), stamped)).toEqual([])
  expect(stampFaults(text('2025-01-01'), stamped)).toEqual([`it does not hold "${stamped.date}"`])
})
