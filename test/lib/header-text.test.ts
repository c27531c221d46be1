import { expect, test } from 'bun:test'
import { headerText } from '../../server/lib/header-text.ts'

const asSent = (text: string): string => Buffer.from(text).toString('latin1')

test('a header is read as the UTF-8 it was sent as', () => {
  for (const text of ['plain', 'mot de passe à', '密码密码', '🔑']) expect(headerText(asSent(text))).toBe(text)
})

test('what is no UTF-8 stays as it is', () => {
  expect(['caf\xe9', '\xff\xfe', ''].map(headerText)).toEqual(['caf\xe9', '\xff\xfe', ''])
})
