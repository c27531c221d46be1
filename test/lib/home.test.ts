import { expect, test } from 'bun:test'
import { homeFolder } from '../../server/lib/home.ts'

test('a user without a name and without HOME has a folder too', () => {
  expect(homeFolder(() => '/home/me')).toBe('/home/me')
  const unknown = (): string => {
    throw new Error('ENOENT: no such file or directory, uv_os_homedir')
  }
  expect(homeFolder(unknown)).toBe('/')
})
