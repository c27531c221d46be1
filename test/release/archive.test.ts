import { expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { tarGz, zip } from '../../server/release/archive.ts'
import { contentFaults, sumsFaults } from './verify/checks.ts'
import { readTarGz, readZip } from './verify/read-archive.ts'

const at = Date.UTC(2026, 10, 28, 12, 13, 14)
const date = new Date(at).toISOString()
const entries = [
  { name: 'claude-server-linux-amd64', bytes: Buffer.from('a program '.repeat(200)), executable: true },
  { name: 'Contents/LICENSE', bytes: Buffer.from('a licence') },
]
const names = entries.map(({ name }) => name)
const archives = [
  ['tar.gz', tarGz(entries, at), readTarGz],
  ['zip', zip(entries, at), readZip],
] as const

test.each(archives)('a %s gives back its files with their run bits and dates', (_, bytes, read) => {
  const files = read(bytes)
  expect(files.ok && files.value.map((file) => Buffer.from(file.bytes).toString())).toEqual(
    entries.map((entry) => entry.bytes.toString()),
  )
  expect(files.ok && contentFaults(files.value, names, [names[0] ?? ''], date)).toEqual([])
})

test('the same files at the same time are the same archive, wherever the clock stands', () => {
  const zone = process.env.TZ
  process.env.TZ = 'Pacific/Auckland'
  expect(Buffer.compare(zip(entries, at), archives[1][1])).toBe(0)
  expect(Buffer.compare(tarGz(entries, at), archives[0][1])).toBe(0)
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

test('no byte of a zip can change unseen', () => {
  const [, sound] = archives[1]
  const before = JSON.stringify(readZip(sound))
  const unseen = [...sound.keys()].filter((place) => {
    const broken = Uint8Array.from(sound)
    broken[place] = (broken[place] ?? 0) ^ 0x10
    return JSON.stringify(readZip(broken)) === before
  })
  // Which version of the format unpacks it, in both headers, and fields that plain archives leave empty.
  expect(unseen.length).toBeLessThan(80)
  const offset = (text: string): number => Buffer.from(sound).indexOf(text)
  expect(unseen).not.toContain(offset('claude-server'))
  expect(unseen).not.toContain(offset('claude-server') + 'claude-server-linux-amd64'.length + 5)
})

test('no byte of a tar header or file can change unseen', () => {
  const tar = gunzipSync(archives[0][1])
  const before = JSON.stringify(readTarGz(archives[0][1]))
  for (let place = 0; place < 512 + 2_000; place += 3) {
    const broken = Buffer.from(tar)
    broken[place] = (broken[place] ?? 0) ^ 0x01
    expect(JSON.stringify(readTarGz(Bun.gzipSync(broken))) === before).toBe(false)
  }
})

test.each(archives)('a %s that is cut short is refused at every length', (_, bytes, read) => {
  for (let length = 0; length < bytes.length; length += 7) expect(read(bytes.slice(0, length)).ok).toBe(false)
})

test('what an archive holds too much, too little or otherwise is said', () => {
  const files = readTarGz(archives[0][1])
  const given = files.ok ? files.value : []
  expect(contentFaults(given.slice(1), names, [], date)).toEqual(['it holds Contents/LICENSE'])
  expect(contentFaults(given, names, names, date)).toEqual(['Contents/LICENSE has mode 644'])
  expect(contentFaults(given, names, [names[0] ?? ''], '2026-11-28T00:00:00.000Z')).toHaveLength(2)
  expect(
    contentFaults([{ ...given[0], bytes: new Uint8Array() }, given[1]] as typeof given, names, [names[0] ?? ''], date),
  ).toEqual(['claude-server-linux-amd64 is empty'])
})

test('a name that is too long for a header is refused, not cut', () => {
  expect(() => tarGz([{ name: 'x'.repeat(101), bytes: new Uint8Array() }], at)).toThrow('too long a name')
})

test('checksums know a changed, a missing and a strange file', () => {
  const bytes = Buffer.from('hello')
  const line = `${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}  a.zip\n`
  expect(sumsFaults(line, new Map([['a.zip', bytes]]))).toEqual([])
  expect(sumsFaults(line, new Map([['a.zip', Buffer.from('hellO')]]))).toEqual(['a.zip is another file'])
  expect(sumsFaults(line, new Map())).toEqual(['a.zip is not there'])
  expect(
    sumsFaults(
      line,
      new Map([
        ['a.zip', bytes],
        ['b.zip', bytes],
      ]),
    ),
  ).toEqual(['b.zip is not in it'])
  expect(sumsFaults(`${line}nonsense\n`, new Map([['a.zip', bytes]]))).toContain('"nonsense" is no line of sums')
})
