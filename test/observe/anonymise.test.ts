import { expect, test } from 'bun:test'
import { anonymise } from '../../server/observe/anonymise.ts'

test.each([
  ['of li.wei+x@mail.example.co.uk, said', 'of [e-mail], said'],
  ['from 192.0.2.7:443 and 2001:db8::7', 'from [address]:443 and [address]'],
  ['::ffff:192.0.2.7 came', '[address] came'],
  ['https://user:pw@proxy.example:3128/x?y=1', 'https://[host]:3128/x?y=1'],
  ['/home/li/gateway/data.sqlite3', '/home/[user]/gateway/data.sqlite3'],
  ['C:\\Users\\Li Wei\\x', 'C:\\Users\\[user] Wei\\x'],
  ['sk-0123456789abcdefghij', '[redacted]'],
])('%s', (text, without) => {
  expect(anonymise(text)).toBe(without)
})

test.each([
  '2026-11-28T14:02:11.204Z',
  'at 14:02:11',
  'claude-server 0.1.0',
  'http://localhost:62311',
  'listens on 0.0.0.0',
])('%s says nothing of anybody and stays', (text) => expect(anonymise(text)).toBe(text))
