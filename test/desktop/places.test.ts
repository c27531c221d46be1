import { expect, test } from 'bun:test'
import { browserCandidates, desktopFolder } from '../../server/desktop/places.ts'

test.each([
  ['a Mac', 'darwin', {}, '/home/a/Library/Application Support/Claude-API-Server'],
  ['Windows', 'win32', { APPDATA: '/roaming' }, '/roaming/Claude-API-Server'],
  ['Windows without the variable', 'win32', {}, '/home/a/AppData/Roaming/Claude-API-Server'],
  ['Linux', 'linux', {}, '/home/a/.local/share/Claude-API-Server'],
  ['Linux with a place of its own', 'linux', { XDG_DATA_HOME: '/x' }, '/x/Claude-API-Server'],
] as const)('the data of the desktop application on %s', (_, platform, env, folder) => {
  expect(desktopFolder(env, platform, '/home/a')).toBe(folder)
})

test('the system’s own browser comes first, and one that was named stands alone', () => {
  const windows = browserCandidates({ ProgramFiles: '/p', 'ProgramFiles(x86)': '/p86' }, 'win32', '/home/a')
  expect(windows[0]).toBe('/p86/Microsoft/Edge/Application/msedge.exe')
  expect(windows).toContain('/p/Google/Chrome/Application/chrome.exe')
  expect(browserCandidates({}, 'darwin', '/home/a')[1]).toBe(
    '/home/a/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  )
  expect(browserCandidates({ PATH: '/a:/b' }, 'linux', '/home/a')).toContain('/b/chromium')
  expect(browserCandidates({ CLAUDE_SERVER_BROWSER: '/mine' }, 'win32', '/home/a')).toEqual(['/mine'])
})
